/**
 * `npm run cost -- [--json]`: what a million updates, a client's month and an idle store cost on AWS, from requests counted in a run of
 * the programs that ship, on a virtual clock (bench/cost/world.ts), at list prices (bench/cost/prices.ts).
 */
import { Command } from "@commander-js/extra-typings";
import { optionsOf } from "../examples/program.ts";
import { type Bill, billOfReads, billOfSweeps, billOfWrites } from "./cost/bill.ts";
import { assumed, perMillion } from "./cost/prices.ts";
import {
  countDay,
  countIdleSweep,
  countWrites,
  daysOfMonth,
  readScenarios,
  writeScenarios,
} from "./cost/scenarios.ts";
import type { Counted } from "./cost/world.ts";

interface Row {
  readonly name: string;
  readonly counted: Counted;
  readonly bill: Bill;
}

const values = optionsOf(
  new Command("npm run cost --")
    .description(
      "What a million updates, a client's month and an idle store cost on AWS: requests counted, at list prices.",
    )
    .option("--json", "print JSON"),
);
await main();

async function main(): Promise<void> {
  const writes: Row[] = [];
  for (const scenario of writeScenarios) {
    const counted = await countWrites(scenario);
    writes.push({ name: scenario.name, counted, bill: billOfWrites(counted) });
  }
  const months: Row[] = [];
  for (const scenario of readScenarios) {
    const counted = await countDay(scenario);
    months.push({ name: scenario.name, counted, bill: billOfReads(counted, daysOfMonth) });
  }
  const counted = await countIdleSweep();
  const turns = daysOfMonth * 24 * 60;
  const idle: Row = {
    name: "an idle store, looked at each minute",
    counted,
    bill: billOfSweeps(counted, turns),
  };
  if (values.json) console.log(JSON.stringify({ prices: perMillion, assumed, writes, months, idle }));
  else print(writes, months, idle);
}

function print(writes: readonly Row[], months: readonly Row[], idle: Row): void {
  console.log("Writing, per million updates (all requests counted, then scaled)\n");
  for (const { name, counted, bill } of writes) {
    const { updates, actions, rollups } = counted;
    console.log(
      `${name}: $${bill.dollars.toFixed(2)} a million updates, ${dollarsOf((bill.dollars * updates) / actions)} a million actions`,
    );
    console.log(`  ${updates} updates of ${actions} actions, ${rollups} rollups`);
    printLines(bill);
  }
  console.log(`\nReading, per client and month of ${daysOfMonth} days (one day counted)\n`);
  for (const { name, counted, bill } of months) {
    console.log(`${name}: ${dollarsOf(bill.dollars)} a month`);
    console.log(`  a day: ${counted.edgeReads} reads by the edge, ${counted.apiReads} by the API`);
    printLines(bill);
  }
  console.log(
    `\n${idle.name}: ${dollarsOf(idle.bill.dollars)} a month; with more stores than a minute's share each is looked at less often\n`,
  );
  printLines(idle.bill);
  console.log(
    `\nAssumed, not counted: API ${assumed.apiMs} ms at ${assumed.apiMemoryMb} MB, rollup ${assumed.rollupMs} ms at ${assumed.rollupMemoryMb} MB, ${assumed.headerBytes} bytes of headers an answer. No free tier. Storage, logs and alarms: docs/cost.md.`,
  );
}

function printLines({ lines }: Bill): void {
  for (const { what, count, dollars } of lines)
    console.log(`  ${dollarsOf(dollars).padStart(10)}  ${what} (${count})`);
}

function dollarsOf(dollars: number): string {
  return dollars >= 0.1 ? `$${dollars.toFixed(2)}` : `$${dollars.toFixed(4)}`;
}
