/** A visit to the shop: page views, products, perhaps a cart and an order. */
import { NULL_TEXT } from "../../schemas/kinds.ts";
import type { Contact } from "./contacts.ts";
import { CDN, CHOICES, ERRORS, type Product, PRODUCTS, SEARCHES, SHOP } from "./products.ts";
import type { Random } from "./random.ts";
import { type Amounts, type Behavior, type Clock, type Item, oddForms, type SentBehavior, type Session } from "./signal.ts";

/** How a visit ends: nothing in the cart, a cart that is left, or an order. */
export type VisitPlan = "browse" | "fillCart" | "buy";

/** The SIGNAL_GROUP of each type. */
const GROUPS: Record<SentBehavior, string> = {
  addToCart: "cart",
  browseAbandonment: "session",
  cartAbandonment: "cart",
  error: "session",
  identification: "session",
  onSiteSearch: "page",
  order: "order",
  pageView: "page",
  productConfiguration: "product",
  productView: "product",
  richMediaInteraction: "product",
};

const ODD_FORMS = new Map((Object.keys(GROUPS) as SentBehavior[]).map((type) => [type, oddForms(type)]));
const ODD_CLOCKS: readonly Clock[] = ["signalTimestamp", "TIMESTAMP", "RECEIVED_TIMESTAMP", "OBSERVED_TIMESTAMP"];

/** A signal's content without what all behavior signals have. */
interface Act {
  name: string;
  screen: string;
  description?: string;
  effect?: "negative";
  fields?: Record<string, unknown>;
  amounts?: Amounts;
  items?: Item[];
}

/**
 * The signals of a visit, in the order in which they happen.
 * @param visitor the contact, where it is known who visits
 * @param at when it starts, in milliseconds since 1970
 */
export function visit(plan: VisitPlan, session: Session, visitor: { contact?: Contact }, at: number, random: Random): Behavior[] {
  const signals: Behavior[] = [];
  let time = at;
  const acts = (type: SentBehavior, act: Act, delay = random.int(2_000, 45_000)) => {
    signals.push({
      table: "behavior_signals",
      type,
      row: -1,
      id: "",
      at: time,
      nullText: random.chance(2) ? NULL_TEXT : "",
      ...visitor,
      session,
      group: GROUPS[type],
      description: undefined,
      effect: "positive",
      fields: {},
      amounts: {},
      items: [],
      clock: random.chance(3) ? random.pick(ODD_CLOCKS) : "SIGNAL_TIMESTAMP",
      form: random.chance(type === "order" ? 20 : 5) ? random.pick(ODD_FORMS.get(type) ?? []) : "flat",
      ...act,
    });
    time += delay;
  };

  acts("pageView", page("/", "homepage", "Home"));
  if (visitor.contact && random.chance(30)) acts("identification", login(visitor.contact));
  if (random.chance(30)) acts("onSiteSearch", search(random));
  const products = random.shuffled(PRODUCTS).slice(0, random.int(1, 3));
  const cart: Item[] = [];
  for (const product of products) {
    if (random.chance(35)) acts("pageView", page(`/${slug(product.category)}`, "collection", product.category));
    const discount = random.chance(25) ? Math.floor(product.price / 10) : undefined;
    acts("productView", look(product, discount, random));
    if (random.chance(20)) acts("richMediaInteraction", media(product, random));
    if (random.chance(25)) acts("productConfiguration", configure(product, random));
    if (plan !== "browse") {
      const item = itemOf(product, random.int(1, 4), discount);
      cart.push(item);
      acts("addToCart", addToCart(item));
    }
  }
  if (random.chance(15)) acts("error", failure(random));
  switch (plan) {
    case "browse":
      if (random.chance(40)) acts("browseAbandonment", { name: "Browse abandonment", screen: "product" }, 0);
      break;
    case "fillCart":
      time += 600_000;
      acts("cartAbandonment", abandon(cart), 0);
      break;
    case "buy":
      acts("pageView", page("/checkout", "checkout", "Checkout"));
      acts("order", order(cart, session, random));
      acts("pageView", page("/thank-you", "thank-you", "Thank you"));
  }
  return signals;
}

const slug = (text: string) => text.toLowerCase().replaceAll(/[^a-z]+/g, "-");
const productUrl = (product: Product) => `${SHOP}/p/${product.id.toLowerCase()}`;

function page(path: string, pageCategory: string, title: string): Act {
  const url = SHOP + path;
  const fields = { url, pageCategory, pageTitle: `${title} | Fernhill` };
  return { name: "Page view", screen: pageCategory, fields };
}

function login(contact: Contact): Act {
  const { customerId, cells } = contact;
  const fields = {
    identifierName: customerId === undefined ? "email" : "Customer ID",
    identifierValue: customerId ?? cells["Email"],
    identificationFromLogin: true,
    loginMethod: "email",
    url: `${SHOP}/account`,
  };
  return { name: "Login on account page", screen: "account", fields };
}

function search(random: Random): Act {
  const [searchTerm, results] = random.pick(SEARCHES);
  return {
    name: "Header search",
    screen: "search",
    ...(results === 0 && { effect: "negative" }),
    fields: { searchTerm },
    amounts: { numberOfResults: results * 100 },
  };
}

const productFields = (product: Product) => ({
  productId: product.id,
  productName: product.name,
  currency: "EUR",
  productCategory: product.category,
  productUrls: [productUrl(product)],
});

/** Prices are after the discount, as the vendor's product page has it. */
const pricing = (product: Product, discount: number | undefined) => ({
  unitPrice: product.price - (discount ?? 0),
  ...(discount !== undefined && { discount }),
});

function look(product: Product, discount: number | undefined, random: Random): Act {
  return {
    name: "Product page",
    description: `Seen: "${product.name}"`,
    screen: "product",
    fields: {
      ...productFields(product),
      productDescription: product.description,
      imageUrls: [`${CDN}/${product.id}.jpg`],
      brandName: "Fernhill",
      sku: `${product.id}-N`,
      availability: "in stock",
      productStatus: "active",
    },
    amounts: {
      ...pricing(product, discount),
      inventoryQuantity: random.int(0, 80) * 100,
      msrp: product.price + 1_000,
      productRating: random.int(300, 500),
    },
  };
}

function media(product: Product, random: Random): Act {
  const interactionType = random.pick(["LAUNCH", "PAUSE", "COMPLETE", "ENLARGE", "play"]);
  const fields = {
    mediaId: `${CDN}/${product.id}.mp4`,
    mediaName: `Film: ${product.name}`,
    mediaCategory: "video",
    interactionType,
    url: productUrl(product),
  };
  return { name: "Product film", screen: "product", fields };
}

function configure(product: Product, random: Random): Act {
  const [configurationType, actionState] = random.pick(CHOICES);
  const fields = { ...productFields(product), configurationType, actionState };
  return {
    name: "Variant picked",
    screen: "product",
    description: 'Step "variant",\nbefore the cart',
    fields,
    amounts: { unitPrice: product.price },
  };
}

function itemOf(product: Product, count: number, discount: number | undefined): Item {
  return { product, amounts: { itemQuantity: count * 100, ...pricing(product, discount) } };
}

function addToCart({ product, amounts }: Item): Act {
  const signalCustomAttributes = [{ name: "store", value: "online-eu" }];
  const fields = { ...productFields(product), shoppingCartUrl: `${SHOP}/cart`, signalCustomAttributes };
  return { name: "Add to cart", screen: "product", fields, amounts };
}

function failure(random: Random): Act {
  const [errorType, errorIdentifier, errorText] = random.pick(ERRORS);
  return { name: "Shop error", screen: "checkout", effect: "negative", fields: { errorType, errorIdentifier, errorText, url: `${SHOP}/checkout` } };
}

function abandon(cart: readonly Item[]): Act {
  const product = cart[0]?.product;
  const fields = product ? { productId: product.id, productName: product.name, currency: "EUR" } : {};
  return { name: "Cart abandonment", screen: "cart", effect: "negative", fields };
}

/** An order of everything in the cart. All amounts are whole cents, so every sum of them is exact. */
function order(items: Item[], session: Session, random: Random): Act {
  const sum = (amount: (item: Item) => number) => items.reduce((total, item) => total + amount(item), 0);
  const orderSubtotal = sum(({ amounts }) => (amounts.unitPrice * amounts.itemQuantity) / 100);
  const orderDiscount = sum(({ amounts }) => ((amounts.discount ?? 0) * amounts.itemQuantity) / 100);
  const orderShippingHandling = random.pick([490, 890, 1_290]);
  const orderTax = Math.floor((orderSubtotal * 19) / 100);
  const orderValue = orderSubtotal + orderShippingHandling + orderTax;
  return {
    name: "Order confirmation",
    screen: "checkout",
    fields: { orderId: `W-${session.id.slice(-8).toUpperCase()}`, currency: "EUR" },
    amounts: { orderValue, orderSubtotal, orderShippingHandling, orderTax, orderDiscount },
    items,
  };
}
