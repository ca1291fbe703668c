// The steps of a funnel as the address has them.

/** What a shop's visit is made of, where nobody chose yet. */
const USUAL = ["Page Viewed", "Product Viewed", "Product Added"];

export function stepsOf(text: string, purchase = "Order Completed"): string[] {
  const chosen = text.split(",").map((step) => step.trim()).filter(Boolean);
  return chosen.length > 1 ? chosen : [...USUAL, purchase];
}

type Change = { at: number; name: string } | { add: string } | { remove: number } | { move: number; by: 1 | -1 };

export function changedSteps(steps: readonly string[], change: Change): string[] {
  const next = [...steps];
  if ("add" in change) next.push(change.add);
  else if ("remove" in change) next.splice(change.remove, 1);
  else if ("name" in change) next[change.at] = change.name;
  else {
    const [moved] = next.splice(change.move, 1);
    if (moved !== undefined) next.splice(Math.max(0, change.move + change.by), 0, moved);
  }
  return next.map((step) => step.replaceAll(",", " ").trim()).filter(Boolean);
}

/** Between which two steps most people are lost. */
export function weakest(steps: readonly { step: string; people: number }[]): { from: string; to: string; lost: number } | null {
  let worst: ReturnType<typeof weakest> = null;
  steps.forEach((step, index) => {
    const before = steps[index - 1];
    const lost = before ? before.people - step.people : 0;
    if (before && lost > (worst?.lost ?? 0)) worst = { from: before.step, to: step.step, lost };
  });
  return worst;
}
