"""Courses: how each verb's models are trained."""

from vesalius.errors import ConfigError
from vesalius.train.course import Course
from vesalius.train.denoising import DENOISE
from vesalius.train.detecting import DETECT
from vesalius.train.recipe import Recipe
from vesalius.train.segmenting import SEGMENT
from vesalius.train.translating import TRANSLATE

COURSES = {
    "denoise": DENOISE,
    "segment": SEGMENT,
    "translate": TRANSLATE,
    "detect": DETECT,
}


def course_of(recipe: Recipe) -> Course:
    """Find how the models of a recipe's verb are trained.

    Raises:
        ConfigError: No model of that verb can be trained, or not by that objective.
    """
    task = recipe.card.get("task")
    if task not in COURSES:
        known = ", ".join(COURSES)
        raise ConfigError(f"{recipe.name}: no training for task {task!r}, but {known}")
    course = COURSES[task]
    if recipe.objective not in course.objectives:
        known = ", ".join(course.objectives)
        raise ConfigError(
            f"{recipe.name}: unknown objective {recipe.objective!r}; {task} has {known}"
        )
    return course
