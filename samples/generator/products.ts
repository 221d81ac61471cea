/** What the sample shop sells. */

export interface Product {
  id: string;
  name: string;
  category: string;
  /** Price in cents. */
  price: number;
  description: string;
}

export const SHOP = "https://shop.fernhill.example";

export const CDN = "https://cdn.fernhill.example";

export const PRODUCTS: readonly Product[] = [
  { id: "CHR-204", name: "Birch dining chair", category: "Furniture / Chairs", price: 7950, description: "Stackable, 46 cm seat" },
  { id: "CHR-310", name: "Ohrensessel „Großmutter“", category: "Furniture / Chairs", price: 54900, description: "Wool, with a footrest" },
  { id: "TBL-120", name: "Oak dining table", category: "Furniture / Tables", price: 64900, description: "Seats six, eight with the leaf" },
  { id: "TBL-045", name: "Side table, round", category: "Furniture / Tables", price: 11990, description: "45 cm, smoked oak" },
  { id: "DSK-016", name: "Quiet desk", category: "Furniture / Office", price: 38900, description: 'Cork top that swallows the "clack"' },
  { id: "SHF-088", name: "Wall shelf, 3 boards", category: "Furniture / Storage", price: 8925, description: "Ash, hidden fittings" },
  { id: "BED-160", name: "Futon bed 布団", category: "Furniture / Beds", price: 72900, description: "160 × 200 cm, slatted" },
  { id: "LMP-011", name: "Paper lamp", category: "Lighting / Lamps", price: 3995, description: "Folds flat; E27" },
  { id: "LMP-027", name: "Reading lamp", category: "Lighting / Lamps", price: 8990, description: "Dims to warm" },
  { id: "LMP-032", name: "Lampe d'ambiance été", category: "Lighting / Lamps", price: 5949, description: "Outdoor, charges by USB" },
  { id: "RUG-200", name: "Wool rug, moss", category: "Textiles / Rugs", price: 24900, description: "140 × 200 cm" },
  { id: "CSH-005", name: "Linen cushion", category: "Textiles / Cushions", price: 2450, description: "50 × 50 cm, washable" },
  { id: "OIL-001", name: "Wood oil 250 ml", category: "Care", price: 2000, description: "For oak, ash and birch" },
  { id: "CND-003", name: "Candle, set of 3 🕯️", category: "Care", price: 1299, description: "Beeswax" },
];

/** What visitors search for, with how many results they get. */
export const SEARCHES: readonly (readonly [term: string, results: number])[] = [
  ["walnut sideboard 120cm", 0],
  ["oak table", 12],
  ["Küchentisch ausziehbar", 4],
  ["lamp 💡", 9],
  ["椅子", 3],
  ['shelf "white"', 7],
  ["gift under 30, wrapped", 0],
];

/** What goes wrong, with its type as different senders spell it. */
export const ERRORS: readonly (readonly [type: string, id: string, text: string])[] = [
  ["user", "PAY-402", 'Card "•••• 4242" was declined'],
  ["USER", "FRM-007", "Postcode is missing"],
  ["application", "API-503", "Stock service did not answer\nwithin 5000 ms"],
  ["APPLICATION", "WEB-404", "Seite nicht gefunden: /möbel/stühle"],
];

/** Choices in a product's configurator. */
export const CHOICES: readonly (readonly [type: string, state: string])[] = [
  ["colour", "smoked oak"],
  ["colour", "nature"],
  ["size", "160 × 200"],
  ["variant", "with armrests"],
];
