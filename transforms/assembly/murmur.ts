/** Mixes words into a hash of two halves, with the numbers of MurmurHash3 (x64, 128 bits), which is in the public domain. */
import { ZERO } from "../bytes.ts";

// Odd numbers that words are multiplied by, and, in the end, the halves.
const PRIME_A: u64 = 0x87c37b91114253d5;
const PRIME_B: u64 = 0x4cf5ad432745937f;
const END_A: u64 = 0xff51afd7ed558ccd;
const END_B: u64 = 0xc4ceb9fe1a85ec53;

/** The two halves of the hash that is being made, or was. */
export let hashA: u64 = 0;
export let hashB: u64 = 0;

/** Begins a hash, or goes on with one. */
export function begin(a: u64, b: u64): void {
  hashA = a;
  hashB = b;
}

export function mix(word: u64): void {
  hashA = rotl<u64>((hashA ^ word) * PRIME_A, 31) * PRIME_B;
  hashB = rotl<u64>((hashB + word) * PRIME_B, 33) * PRIME_A;
}

/** Ends it. */
export function finish(): void {
  const a = hashA + hashB;
  const b = finished(hashB ^ a);
  hashA = finished(a) + b;
  hashB = b;
}

function finished(half: u64): u64 {
  let value = half;
  value = (value ^ (value >> 33)) * END_A;
  value = (value ^ (value >> 33)) * END_B;
  return value ^ (value >> 33);
}

/** Writes it in hexadecimal digits, of which there are 32. */
export function writeHash(target: usize): void {
  writeHalf(hashA, target);
  writeHalf(hashB, target + 16);
}

function writeHalf(half: u64, target: usize): void {
  for (let digit: usize = 0; digit < 16; digit += 1) {
    const value = <u8>(half >> (60 - ((<u64>digit) << 2))) & 15;
    store<u8>(target + digit, value < 10 ? ZERO + value : 0x57 + value);
  }
}
