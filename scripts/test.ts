/** `npm test`: every test that this machine can run; `npm test -- NAME` only those whose path contains NAME. */
import { runTests } from "./run-tests.ts";
import { emptyTally } from "./tally.ts";

process.exit(await runTests(process.argv.slice(2), emptyTally));
