"use strict";
// One state for the page: the window and the divider are shared by all planes.
const album = JSON.parse(document.getElementById("album").textContent);
const state = { window: 0, cut: 50 };
const overs = [...document.querySelectorAll("input[name=over]")];
const planes = [...document.querySelectorAll("[data-plane]")];

function first(images) {
  // The page holds the first picture of each layer once, in the image itself.
  return new Map(images.map((image) => [image.dataset.layer, image.src]));
}

function ready(section) {
  const stack = album[section.dataset.plane];
  const images = [...section.querySelectorAll("img[data-layer]")];
  const shownFirst = first(images);
  const slice = section.querySelector("[data-slice]");
  const slider = section.querySelector("[data-cut]");
  const pair = section.querySelector("[data-pair]");
  const place = section.querySelector("[data-place]");
  const jumps = [...section.querySelectorAll("[data-jump]")];

  function drawPlane() {
    const at = slice ? Number(slice.value) : stack.start;
    for (const image of images) {
      const [layer, window] = image.dataset.layer.split("-");
      const wanted = window === undefined ? layer : `${layer}-${state.window}`;
      const key = wanted in stack.pictures ? wanted : image.dataset.layer;
      image.src = stack.pictures[key][at] || shownFirst.get(key);
    }
    place.textContent = stack.places[at];
    if (slice) slice.setAttribute("aria-valuetext", stack.places[at]);
    for (const jump of jumps) {
      jump.setAttribute("aria-current", stack.jumps[jump.dataset.jump] === at);
    }
    for (const over of overs) {
      section.querySelector(`img.over[data-layer=${over.value}]`).hidden = !over.checked;
    }
    if (!slider) return;
    slider.value = state.cut;
    slider.setAttribute("aria-valuetext", `${state.cut} % before, ${100 - state.cut} % after`);
    pair.style.setProperty("--cut", `${state.cut}%`);
  }

  function goTo(number) {
    if (slice) slice.value = stack.jumps[number];
    drawPlane();
  }

  function compareAt(percent) {
    state.cut = Math.round(Math.min(100, Math.max(0, percent)));
    drawPlane();
  }

  function scroll(steps) {
    if (!slice) return;
    slice.value = Number(slice.value) + steps;
    drawPlane();
  }

  function follow(event) {
    const box = pair.getBoundingClientRect();
    compareAt((100 * (event.clientX - box.left)) / box.width);
  }

  const keys = { ArrowUp: () => scroll(1), ArrowDown: () => scroll(-1) };
  if (slider) {
    keys.ArrowLeft = () => compareAt(state.cut - 2);
    keys.ArrowRight = () => compareAt(state.cut + 2);
    keys.Home = () => compareAt(0);
    keys.End = () => compareAt(100);
  } else if (overs.length) {
    keys.ArrowLeft = () => showOvers(false);
    keys.ArrowRight = () => showOvers(true);
  }
  pair.addEventListener("keydown", (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  if (slider) {
    pair.addEventListener("pointerdown", (event) => {
      pair.setPointerCapture(event.pointerId);
      follow(event);
    });
    pair.addEventListener("pointermove", (event) => {
      if (pair.hasPointerCapture(event.pointerId)) follow(event);
    });
    slider.addEventListener("input", () => compareAt(Number(slider.value)));
  }
  // The wheel scrolls the page until somebody has taken hold of the picture.
  pair.addEventListener(
    "wheel",
    (event) => {
      if (document.activeElement !== pair || !slice) return;
      event.preventDefault();
      scroll(event.deltaY < 0 ? 1 : -1);
    },
    { passive: false },
  );
  if (slice) slice.addEventListener("input", drawPlane);
  for (const jump of jumps) {
    jump.addEventListener("click", () => {
      for (const one of ways.values()) one.goTo(Number(jump.dataset.jump));
      pair.scrollIntoView({ block: "nearest" }); // on a phone the list lies below it
    });
  }
  return { drawPlane, goTo };
}

const ways = new Map(planes.map((section) => [section.dataset.plane, ready(section)]));

function draw() {
  for (const told of document.querySelectorAll("[data-window]")) {
    told.hidden = Number(told.dataset.window) !== state.window;
  }
  for (const one of ways.values()) one.drawPlane();
}

function showOvers(shown) {
  for (const over of overs) over.checked = shown;
  draw();
}

function show(key) {
  for (const section of planes) section.classList.toggle("chosen", section.dataset.plane === key);
  ways.get(key).drawPlane();
}

for (const choice of document.querySelectorAll("input[name=plane]")) {
  choice.addEventListener("change", () => show(choice.value));
  if (choice.checked) show(choice.value);
}
for (const choice of document.querySelectorAll("input[name=window]")) {
  choice.addEventListener("change", () => {
    state.window = Number(choice.value);
    draw();
  });
  if (choice.checked) state.window = Number(choice.value); // a reload keeps the choice
}
for (const over of overs) over.addEventListener("change", draw);
document.documentElement.classList.add("scripted");
draw();
