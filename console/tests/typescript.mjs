// Lets `node --test` run the TypeScript of the console as it is: types are dropped, nothing is checked.

import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
