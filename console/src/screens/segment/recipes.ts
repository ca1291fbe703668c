// Beginnings of segments, made of what this programme knows.

export interface Recipe {
  key: "twice_silent" | "cart" | "newcomers" | "reads" | "birthday" | "best";
  name: string;
  expression: string;
}

export function recipes(purchase: string | undefined, purpose: string | undefined): Recipe[] {
  const did = (event: string) => `did ${JSON.stringify(event)}`;
  const bought = purchase && did(purchase);
  const all: (Recipe | false | undefined | "")[] = [
    bought && { key: "twice_silent", name: "twice-and-silent", expression: `${bought} at least 2 times and not ${bought} within 60 days${purpose ? ` and consented to ${JSON.stringify(purpose)} by email` : ""}` },
    bought && { key: "cart", name: "cart-left", expression: `${did("Product Added")} within 3 days and not ${bought} within 3 days` },
    { key: "newcomers", name: "new-this-week", expression: "first seen within 7 days" },
    bought && { key: "reads", name: "reads-never-bought", expression: `${did("Page Viewed")} at least 3 times within 30 days and not ${bought}` },
    { key: "birthday", name: "birthday-soon", expression: "trait.birthday anniversary in the next 7 days" },
    bought && { key: "best", name: "best-customers", expression: "rfm.recency >= 4 and rfm.frequency >= 4" },
  ];
  return all.filter((one): one is Recipe => !!one);
}
