/** A reporter that prints the slowest tests at the end: whoever writes a test sees what it costs everyone. */
import type { Reporter, TestModule } from "vitest/node";

const MOST = 20;

export default class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({
        seconds: (test.diagnostic()?.duration ?? 0) / 1000,
        name: `${module.relativeModuleId} > ${test.fullName}`,
      })),
    );
    const slowest = tests.toSorted((one, other) => other.seconds - one.seconds).slice(0, MOST);
    if (tests.length <= MOST) return;
    const lines = slowest.map(({ seconds, name }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`);
    process.stdout.write(`\n The slowest ${MOST} tests:\n${lines.join("\n")}\n\n`);
  }
}
