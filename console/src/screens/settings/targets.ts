// Targets as the programme has them, as a form fills them in, and as their definitions say them.

import { sorted } from "../../format.ts";
import { says, say } from "../../words.ts";

/** A key figure as the table of them says it. */
export interface Figure {
  name: string;
  title: string;
  unit: string;
  bound: string;
  growth: string;
}

/** As the live programme has it. */
export interface Kept {
  millionths: number;
  currency?: string;
  per?: string;
}

export interface Form {
  figure: string;
  /** As it is written: percent of a share. */
  value: string;
  currency: string;
  per: string;
}

export const titleOf = (figure: Figure): string => (says(`kpi.${figure.name}`) ? say(`kpi.${figure.name}`) : figure.title);
export const hasPeriod = (figure: Figure | undefined): boolean => figure !== undefined && figure.growth !== "steady";

/** Those that have no target yet, by their titles. */
export function open(figures: readonly Figure[], kept: Readonly<Record<string, Kept>>): Figure[] {
  return sorted(figures.filter((figure) => !kept[figure.name]), titleOf);
}

export function fresh(figure: string): Form {
  return { figure, value: "", currency: "", per: "month" };
}

export function formOf(figure: Figure, kept: Kept): Form {
  const value = figure.unit === "share" ? kept.millionths / 10_000 : kept.millionths / 1_000_000;
  return { figure: figure.name, value: String(value), currency: kept.currency ?? "", per: kept.per ?? "month" };
}

/** What keeps it from being saved: the key of a word. */
export function missing(figure: Figure | undefined, form: Form): string | undefined {
  const value = number(form.value);
  if (!figure || value === undefined || value <= 0) return "programme.target_first";
  return figure.unit === "share" && value > 100 ? "programme.target_share" : undefined;
}

/** Its definition. Money that names no currency is in the programme's own. */
export function definitionOf(figure: Figure, form: Form): Record<string, string> {
  const value = form.value.trim().replace(",", ".");
  return {
    value: figure.unit === "share" ? `${value}%` : value,
    ...(figure.unit === "money" && form.currency.trim() ? { currency: form.currency.trim().toUpperCase() } : {}),
    ...(hasPeriod(figure) ? { per: form.per } : {}),
  };
}

function number(text: string): number | undefined {
  const plain = text.trim().replace(",", ".");
  return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : undefined;
}
