/** SIGNAL_CONTENT as its sender wrote it. */
import { AMOUNTS, type Amounts, type Behavior, type Item, unfitFields } from "./signal.ts";

/** The names that older senders gave to fields. A list becomes its first value. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  itemQuantity: "quantity",
  unitPrice: "price",
  productUrls: "productUrl",
  imageUrls: "productImageUrl",
  orderShippingHandling: "orderShip",
  orderValue: "orderTotal",
};
const OLD_ORDER_NAMES = { ...OLD_NAMES, currency: "orderCurrency", signalType: "behaviorType" };

type Fields = Record<string, unknown>;

/** The JSON text of a behavior signal's content, in the signal's form. */
export function contentText(signal: Behavior): string {
  const { form } = signal;
  const payload = payloadOf(signal);
  const audience = audienceOf(signal);
  switch (form) {
    case "nested":
      return JSON.stringify({ signalContent: payload, audience: Object.entries(audience).map(([name, value]) => ({ name, value })) });
    case "envelope": {
      const identifiableAttributes = Object.entries(audience).map(([name, value]) => ({ name, value }));
      return JSON.stringify({ signal: { appKey: "fernhill-web", identifiableAttributes, signalContent: payload, sessionId: signal.session.id } });
    }
    case "wire":
      return JSON.stringify({ data: { value: { ...payload, audience } } });
    case "indented":
      return JSON.stringify({ ...payload, audience }, null, 2);
    case "customField":
      return JSON.stringify({ ...payload, audience, abTestVariant: "B – größer" });
    case "longInteger":
      return `${JSON.stringify({ ...payload, audience }).slice(0, -1)},"loyaltyCardNumber":${longInteger(signal.row)}}`;
    default:
      return JSON.stringify({ ...payload, audience });
  }
}

/** An integer of 25 digits. */
const longInteger = (row: number) => `9780201379624${String(row).padStart(12, "0")}`;

function audienceOf({ contact }: Behavior): Fields {
  return contact?.customerId === undefined ? {} : { "Customer ID": contact.customerId };
}

function payloadOf(signal: Behavior): Fields {
  const { form, type, name, effect, items } = signal;
  const write = form === "quotedNumbers" ? (hundredths: number) => (hundredths / 100).toFixed(2) : (hundredths: number) => hundredths / 100;
  const payload: Fields = { signalType: form === "lowerCaseType" ? type.toLowerCase() : type, category: "Behavior", name, effect, ...signal.fields };
  writeAmounts(payload, signal.amounts, write);
  for (const field of unfitFields(signal)) payload[field] = "10%";
  if (type === "order") payload["orderedItems"] = items.map((item, index) => itemFields(item, write, form === "itemField" && index === 0));
  if (signal.clock === "signalTimestamp") payload["signalTimestamp"] = new Date(signal.at).toISOString();
  return form === "oldNames" ? renamed(payload, type === "order" ? OLD_ORDER_NAMES : OLD_NAMES) : payload;
}

function itemFields({ product, amounts }: Item, write: (hundredths: number) => unknown, giftWrap: boolean): Fields {
  const fields: Fields = { productId: product.id, productName: product.name, productCategory: product.category };
  writeAmounts(fields, amounts, write);
  if (giftWrap) fields["giftWrap"] = true;
  return fields;
}

function writeAmounts(into: Fields, amounts: Amounts, write: (hundredths: number) => unknown): void {
  for (const field of AMOUNTS) {
    const amount = amounts[field];
    if (amount !== undefined) into[field] = write(amount);
  }
}

function renamed(fields: Fields, names: Readonly<Record<string, string>>): Fields {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => {
    const old = names[name];
    if (name === "orderedItems") return [name, (value as Fields[]).map((item) => renamed(item, OLD_NAMES))];
    if (old === undefined) return [name, value];
    if (old === "behaviorType") return [old, "orderConfirmation"];
    return [old, Array.isArray(value) ? value[0] : value];
  });
  return Object.fromEntries(entries);
}
