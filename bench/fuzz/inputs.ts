/** A target's inputs by their numbers: the same for the same seed, so that one that found something can be had again. */
import fc from "fast-check";
import { Random } from "../../samples/generator/random.ts";
import { mutated, mutatedBody } from "./mutate.ts";
import { TARGETS } from "./targets.ts";

/** Every so many inputs one is fast-check's. */
const FAST_CHECK_EVERY = 4;
/** Where headers stay as they are, every so many inputs one has another one all the same. */
const HEADER_EVERY = 20;
/** No target has so many. */
const NUMBERS = 10_000_000;

/** @returns the input of a number */
export function inputsOf(name: string, seed: number): (number: number) => Buffer {
  const target = TARGETS[name];
  if (!target) throw new Error(`there is no target ${name}`);
  const seeds = target.seeds();
  const stream = Object.keys(TARGETS).indexOf(name) * NUMBERS;
  return (number) => {
    const random = new Random(seed, "fuzz", stream + number);
    if (number % FAST_CHECK_EVERY !== 0)
      return target.keepsHeader && number % HEADER_EVERY !== 1 ? mutatedBody(random, seeds) : mutated(random, seeds);
    const [sample = ""] = fc.sample(target.arbitrary, { seed: random.int(0, 2 ** 31 - 1), numRuns: 1 });
    return Buffer.from(sample);
  };
}
