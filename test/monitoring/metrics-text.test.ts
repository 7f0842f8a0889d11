import { describe, expect, test } from 'vitest';
import { parseMetrics } from '../../sandbox/metrics-text.ts';

const TEXT = `# HELP a_total What is counted.
# TYPE a_total counter
a_total{name="say \\"a\\", \\\\ and\\nb",le="x"} 3
a_total 4.5
# HELP b Times.
# TYPE b histogram
b_bucket{le="+Inf"} 2
b_sum 7
b_count 2
# HELP c Nothing yet.
# TYPE c gauge
`;

describe('the text of a scrape', () => {
  test('is read into families with their samples and labels', () => {
    const [counter, histogram, empty] = parseMetrics(TEXT);
    expect(counter).toMatchObject({ name: 'a_total', type: 'counter', help: 'What is counted.' });
    expect(counter?.samples).toEqual([
      { name: 'a_total', labels: { name: 'say "a", \\ and\nb', le: 'x' }, value: 3 },
      { name: 'a_total', labels: {}, value: 4.5 },
    ]);
    expect(histogram?.samples.map(({ name, value }) => [name, value])).toEqual([
      ['b_bucket', 2],
      ['b_sum', 7],
      ['b_count', 2],
    ]);
    expect(empty).toEqual({ name: 'c', type: 'gauge', help: 'Nothing yet.', samples: [] });
  });

  test.each([
    ['a sample before any family', 'a 1'],
    ['a sample of another family', '# TYPE a gauge\nab 1'],
    ['a bucket of what is no histogram', '# TYPE a gauge\na_bucket 1'],
    ['a line that is no sample', '# TYPE a gauge\na one two'],
  ])('is refused with %s', (_, text) => {
    expect(() => parseMetrics(text)).toThrow(/sample/);
  });
});
