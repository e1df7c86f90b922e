// From the link of the first start to accounts, and a project that people see.

import { journey, signIn, signOut } from './browser.ts';

await journey('first', async ({ page, facts, step, axe }) => {
  await step('the link asks for the first account', async () => {
    await page.goto(String(facts['link']));
    await page.getByRole('heading', { name: 'Make the first administrator' }).waitFor();
  });
  await axe('the first page');
  await step('a password that is too short is refused by the desk too', async () => {
    await page.getByLabel('Name').fill('boss');
    await page.getByLabel('Password').fill('aaaaaaaaaaaa');
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByRole('alert').waitFor();
  });
  await step('the account is made, and is signed in', async () => {
    await page.getByLabel('Password').fill(facts.word);
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByRole('navigation').waitFor();
    if (page.url().includes('first=')) throw new Error('the token is still shown');
  });
  await step('another account is added', async () => {
    await page.getByRole('link', { name: 'People' }).click();
    await page.getByRole('button', { name: 'Add an account' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('stella');
    await dialog.getByLabel('Password').fill(facts.word);
    await dialog.getByRole('checkbox', { name: 'Steward' }).check();
    await dialog.getByRole('checkbox', { name: 'Reviewer' }).check();
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await page.getByRole('cell', { name: 'stella', exact: true }).waitFor();
  });
  await axe('people');
  await step('the used link leads to signing in', async () => {
    await signOut(page, 'boss');
    await page.goto('about:blank');
    await page.goto(String(facts['link']));
    await page.getByRole('heading', { name: 'This link has been used' }).waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();
  });
  await step('a wrong password is refused in words', async () => {
    await page.getByLabel('Name').fill('stella');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
  });
  await step('the steward makes a project', async () => {
    await page.waitForTimeout(1500); // the desk slows down whoever guesses
    await signIn(page, 'stella', facts.word);
    await page.getByText('You are in no project yet').waitFor();
    await page.getByRole('link', { name: 'Make a project' }).click();
    await page.getByLabel('Name of a new project').fill('Heads');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByRole('group', { name: 'Heads' }).waitFor();
  });
  await step('an empty worklist says what to do', async () => {
    await page.getByRole('link', { name: 'Worklist' }).click();
    await page.getByText('Nothing waits').waitFor();
  });
  await axe('an empty worklist');
  await step(
    'a session that ends in the middle is begun again over the page',
    async () => {
      await page.getByRole('link', { name: 'People' }).click();
      await page.getByLabel('Name of a new project').fill('Chests');
      await page.context().clearCookies();
      await page.getByRole('button', { name: 'Make it' }).click();
      const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
      await dialog.getByLabel('Password').fill(facts.word);
      await dialog.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('group', { name: 'Chests' }).waitFor();
    },
  );
  await step('the keyboard lists its keys and goes where they say', async () => {
    await page.locator('main').focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'What the keyboard does' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'Scans', level: 1 }).waitFor();
  });
});
