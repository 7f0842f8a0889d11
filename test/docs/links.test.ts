import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/documents.ts';

const inFolder = (folder: string) =>
  readdirSync(new URL(folder, ROOT)).flatMap(name => (name.endsWith('.md') ? [`${folder}${name}`] : []));
const PAGES = [...inFolder('./'), ...inFolder('docs/'), ...inFolder('helm/'), 'examples/producers/README.md'];

const withoutBlocks = (markdown: string) => markdown.replaceAll(/^```[\s\S]*?^```/gm, '');

/** The anchors that headings get on the usual code hosts. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...withoutBlocks(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map(heading =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Links of a text in the place of `page` that lead nowhere, those to other hosts left out. */
function brokenLinks(markdown: string, page: string): string[] {
  return [...withoutBlocks(markdown).matchAll(/\]\(([^)\s]*)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    const url = path === '' ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
    if (!existsSync(url)) return [target];
    const isFound = anchor === undefined || anchorsOf(readFileSync(url, 'utf8')).has(anchor);
    return isFound ? [] : [target];
  });
}

describe('links', () => {
  test.each(PAGES)('of %s lead to files and headings that exist', page => {
    expect(brokenLinks(readFileSync(new URL(page, ROOT), 'utf8'), page)).toEqual([]);
  });

  test('that lead nowhere are found', () => {
    const text = '[a](scaling.md) [b](scaling.md#in-short) [c](scalling.md) [d](#nothing) [e](https://example.com/x)';
    expect(brokenLinks(text, 'docs/metrics.md')).toEqual(['scalling.md', '#nothing']);
  });
});
