// A journey: what a person does in a real browser at a real desk, step by step.
//
// Called by tests/web (pytest), which starts the desk. The facts of the journey come as
// JSON in $FACTS, pictures of what went wrong go to $OUT.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type Page } from 'playwright-core';

export interface Facts {
  /** Where the desk answers. */
  url: string;
  /** Password of every account that was made for the journey. */
  word: string;
  [name: string]: unknown;
}

export interface Journey {
  page: Page;
  browser: Browser;
  facts: Facts;
  /** Do one step; its words are printed, and named where it fails. */
  step: (words: string, act: () => Promise<void>) => Promise<void>;
  /** Fail where axe finds something serious or critical. */
  axe: (where: string) => Promise<void>;
}

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
// WebGL without a graphics card. Pictures in the plane are slower with it than without.
const EMULATED = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];
const PATIENCE_MS = 60_000;

/** Run a journey; the process ends with 0 where all steps were taken, else with 1. */
export async function journey(
  name: string,
  take: (journey: Journey) => Promise<void>,
  { webgl = false } = {},
): Promise<void> {
  const facts = JSON.parse(process.env['FACTS'] ?? '{}') as Facts;
  const out = process.env['OUT'] ?? '.';
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: webgl ? [...ARGUMENTS, ...EMULATED] : ARGUMENTS,
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const faults = watched(page, facts.url);
  let at = 'start';
  const step: Journey['step'] = async (words, act) => {
    at = words;
    await act();
    if (faults.length) throw new Error(faults.join('\n'));
    console.log(`ok ${words}`);
  };
  const axe: Journey['axe'] = (where) =>
    step(`axe finds nothing serious in ${where}`, async () => {
      const found = await new AxeBuilder({ page }).analyze();
      const bad = found.violations.filter((one) =>
        ['serious', 'critical'].includes(one.impact ?? ''),
      );
      const told = bad.map(
        (one) =>
          `${one.id}: ${one.help}\n  ${one.nodes
            .slice(0, 5)
            .map((node) => `${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`)
            .join('\n  ')}`,
      );
      if (told.length) throw new Error(told.join('\n'));
    });
  try {
    await take({ page, browser, facts, step, axe });
    if (faults.length) throw new Error(faults.join('\n'));
  } catch (error) {
    mkdirSync(out, { recursive: true });
    const picture = join(out, `${name}.png`);
    await page.screenshot({ path: picture, fullPage: true }).catch(() => undefined);
    console.log(
      `not ok ${at}\n${error instanceof Error ? error.message : String(error)}`,
    );
    console.log(
      `at ${page.url().replace(/first=.*/, 'first=…')}; picture: ${name}.png`,
    );
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}

/** Note what a page must never do: errors, and requests to anywhere but its desk. */
function watched(page: Page, url: string): string[] {
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on('pageerror', (error) => faults.push(`error in the page: ${error.message}`));
  page.on('console', (message) => {
    // A refusal that the page shows is no fault of the page; the policy's words are.
    const words = message.text();
    if (message.type() === 'error' && !words.startsWith('Failed to load resource')) {
      faults.push(`console: ${words}`);
    }
  });
  page.on('request', (request) => {
    const address = request.url();
    const isOurs = new URL(address).origin === origin || /^(data|blob):/.test(address);
    if (!isOurs) faults.push(`a request elsewhere: ${address}`);
  });
  return faults;
}

/** Sign in at the page that is open. */
export async function signIn(page: Page, name: string, word: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(word);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').waitFor();
}

/** Sign out. */
export async function signOut(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

/** Read a file that a journey was given. */
export function fileOf(facts: Facts, name: string): Buffer {
  return readFileSync(String(facts[name]));
}
