/** Panels in the few forms that the boards use, so that they look alike; a row may go on with the builder it gets. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmaps from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stats from '@grafana/grafana-foundation-sdk/stat';
import * as timelines from '@grafana/grafana-foundation-sdk/statetimeline';
import * as tables from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { type Meanings, texts } from './colours.ts';

export const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;

/** Smallest step of what is counted once per window: its rates then look at ten minutes or more (four times this). */
export const PER_WINDOW = '3m';

/** Of Grafana's units, those used here. */
export type Unit = 'none' | 'short' | 'percentunit' | 's' | 'bytes' | 'Bps' | 'cps' | 'reqps';

export interface Query {
  readonly expr: string;
  /** As Grafana has it: `{{label}}` is filled in. */
  readonly legend?: string;
}

export interface Frame {
  /** Alerts link to it: never given to another panel, never changed. */
  readonly id: number;
  readonly title: string;
  /** What healthy looks like, and what to do when it does not. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** In 24ths of the board's width. */
  readonly width: number;
  /** Default 8. */
  readonly height?: number;
  /** Least distance of two points, where the default (the scrape interval) says too little. */
  readonly minInterval?: string;
}

/** From which value on which colour holds; the first has no lower bound. */
export type Steps = readonly [string, ...(readonly [from: number, colour: string])[]];

/** A row of a board: its heading, and its panels in reading order. */
export interface Row {
  readonly id: number;
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export function heading({ id, title }: Row): RowBuilder {
  return new RowBuilder(title).id(id);
}

/** Lines over time. */
export function lines(frame: Frame): timeseries.PanelBuilder {
  return inFrame(new timeseries.PanelBuilder(), frame)
    .targets(targets(frame))
    .legend(legend())
    .tooltip(tooltip())
    .min(0)
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Never)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic));
}

/** Parts of a whole over time. */
export function stacked(frame: Frame): timeseries.PanelBuilder {
  return lines(frame)
    .fillOpacity(55)
    .lineWidth(0)
    .stacking(new common.StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
}

/** Lines with the bounds drawn in. */
export function bounded(frame: Frame, steps: Steps): timeseries.PanelBuilder {
  return lines(frame)
    .thresholds(thresholds(steps))
    .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
}

/** One state, as of now. */
export function stateNow(frame: Frame, meanings: Meanings): stats.PanelBuilder {
  return stat(frame, stepsOf(meanings)).mappings(texts(meanings));
}

/** One number, as of now. */
export function stat(frame: Frame, steps: Steps): stats.PanelBuilder {
  return inFrame(new stats.PanelBuilder(), { height: 4, ...frame })
    .targets(targets(frame, query => query.instant()))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds(steps))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None);
}

/** States over time, a line for each series. */
export function timeline(frame: Frame, meanings: Meanings): timelines.PanelBuilder {
  return inFrame(new timelines.PanelBuilder(), frame)
    .targets(targets(frame))
    .mappings(texts(meanings))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(thresholds(stepsOf(meanings)))
    .legend(legend())
    .tooltip(tooltip())
    .showValue(VisibilityMode.Auto)
    .mergeValues(true)
    .rowHeight(0.85)
    .lineWidth(0)
    .fillOpacity(75);
}

/** The buckets of a histogram over time; its query sums them by `le`. */
export function heatmap(frame: Frame): heatmaps.PanelBuilder {
  return inFrame(new heatmaps.PanelBuilder(), frame)
    .targets(targets(frame, query => query.format(PromQueryFormat.Heatmap)))
    .calculate(false)
    .color(new heatmaps.HeatmapColorOptionsBuilder().mode(heatmaps.HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .yAxis(new heatmaps.YAxisConfigBuilder().unit(frame.unit).min(0))
    .cellValues(new heatmaps.CellValuesBuilder().unit('short').decimals(0))
    .cellGap(1)
    .showLegend()
    .tooltip(
      new heatmaps.HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true).showColorScale(true),
    );
}

/** Rows and columns, as of now: the queries' results side by side. */
export function table(frame: Frame): tables.PanelBuilder {
  return inFrame(new tables.PanelBuilder(), frame)
    .targets(targets(frame, query => query.instant().format(PromQueryFormat.Table)))
    .cellHeight(common.TableCellHeight.Sm)
    .showHeader(true);
}

export function thresholds([base, ...above]: Steps): ThresholdsConfigBuilder {
  const steps = above.map(([value, color]) => ({ value, color }));
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: base }, ...steps]);
}

/** What gives a series its fixed colour. */
export function colour(fixedColor: string): DynamicConfigValue[] {
  return [{ id: 'color', value: { mode: 'fixed', fixedColor } }];
}

/** A colour for each series by its legend. */
export function coloured(panel: timeseries.PanelBuilder, colours: Readonly<Record<string, string>>) {
  for (const [name, fixed] of Object.entries(colours)) panel.overrideByName(name, colour(fixed));
  return panel;
}

/** The same colours for those who look at the numbers. */
function stepsOf(meanings: Meanings): Steps {
  const [first, ...others] = Object.entries(meanings).map(([number, [, fixed]]) => [Number(number), fixed] as const);
  return [first?.[1] ?? 'transparent', ...others];
}

/** The part of the builders that all panels share. */
interface Framed {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: common.DataSourceRef): this;
  span(width: number): this;
  height(height: number): this;
  unit(unit: string): this;
}

function inFrame<B extends Framed>(panel: B, { id, title, description, unit, width, height = 8 }: Frame): B {
  return panel
    .id(id)
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .span(width)
    .height(height)
    .unit(unit);
}

function targets(frame: Frame, asked: (query: DataqueryBuilder) => DataqueryBuilder = query => query.range()) {
  return frame.queries.map(({ expr, legend: format = '' }, index) => {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode('A'.charCodeAt(0) + index))
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(format);
    if (frame.minInterval !== undefined) query.interval(frame.minInterval);
    return asked(query);
  });
}

function legend(): common.VizLegendOptionsBuilder {
  return new common.VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true);
}

function tooltip(): common.VizTooltipOptionsBuilder {
  return new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
}
