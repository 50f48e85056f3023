/** The two secrets: what signs users' tokens, where no identity provider does, and what signs read passes. */
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import { acknowledge } from "./acknowledge.ts";
import { cdkSettings } from "./settings.ts";
import type { Secrets } from "./store-functions.ts";
import type { StoreParts } from "./store-parts.ts";

export function createSecrets(parts: StoreParts): Secrets {
  const { jwksUrl, tokenSecret } = parts.props;
  return {
    token:
      jwksUrl !== undefined
        ? undefined
        : (tokenSecret ?? createSecret(parts, "TokenSecret", "signs users' tokens")),
    readPass: createSecret(parts, "ReadPassSecret", "signs read passes"),
  };
}

function createSecret({ scope, removalPolicy }: StoreParts, id: string, what: string): ISecret {
  const secret = new Secret(scope, id, {
    description: `icecore: ${what}`,
    // Letters and digits alone: one of them is inserted into a program's text.
    generateSecretString: { passwordLength: cdkSettings.secretChars, excludePunctuation: true },
    removalPolicy,
  });
  acknowledge(
    secret,
    "Whoever issues tokens, and the function at CloudFront, must change at the same time; docs/operations.md says how.",
    ["AwsSolutions-SMG4"],
  );
  return secret;
}
