// The programme that is live as the screens of numbers read it; it is asked for anew when it changes.

import type { Asked } from "./asked.svelte.ts";
import { programme } from "./programme.svelte.ts";
import type { Outline } from "./programme.ts";

/** Called while a component is made. */
export const outline = (): Asked<Outline> => programme() as unknown as Asked<Outline>;
