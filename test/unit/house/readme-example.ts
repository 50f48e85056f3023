/** The README's example. readme.test.ts keeps both the same and runs it. */
// README begins
import { action, defineModel, table } from "../../../shared/index.ts";
import { z } from "zod";
// README ends
