import { describe, expect, it } from 'vitest';
import { CASE_VIEWS, caseHref, href, PAGES, read } from '../src/lib/route.svelte';

describe('a route', () => {
  it.each(PAGES)('of %s is read back from its address', (page) => {
    expect(read(href(page))).toEqual({ page, part: '' });
    expect(read(href(page, 'a/b c'))).toEqual({ page, part: 'a/b c' });
  });

  it.each(CASE_VIEWS)('of a case names its view %s', (view) => {
    expect(read(caseHref('r-1', view))).toEqual({ page: 'case', result: 'r-1', view });
  });

  it('of a case begins with the comparison', () => {
    expect(read('#/case/r-1')).toEqual({
      page: 'case',
      result: 'r-1',
      view: 'compare',
    });
  });

  it('keeps the token of the first link as it is', () => {
    expect(read('#first=a-b_C')).toEqual({ page: 'first', token: 'a-b_C' });
  });

  it.each(['#/nowhere', '#/case', '#/case/r-1/sing', '#/__proto__', '#/%zz'])(
    'that is none is unknown: %s',
    (hash) => expect(read(hash)).toEqual({ page: 'unknown' }),
  );

  it('of nothing is the start', () => {
    expect(read('')).toEqual({ page: 'start' });
    expect(read('#/')).toEqual({ page: 'start' });
  });
});
