/** IcecoreStoreProps: everything that a user may say about a deployed store. Flat, and safe with nothing but the model given. */
import type { RemovalPolicy } from "aws-cdk-lib";
import type { ICertificate } from "aws-cdk-lib/aws-certificatemanager";
import type { PriceClass } from "aws-cdk-lib/aws-cloudfront";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Settings } from "../shared/settings.ts";

export interface IcecoreStoreProps {
  /** The file that exports the app's model, as `model` or as its only model (`.ts` or `.js`). It is bundled into the functions by esbuild, without Docker. */
  readonly modelFile: string;
  /**
   * A file that may export `authenticate`, `authorize` and `principalOf`, for tokens or permissions of another kind.
   * @default - tokens as the next props say, permissions by the token's `role` and `stores`
   */
  readonly authFile?: string;
  /**
   * What a token's `aud` must be.
   * @default "icecore"; with `jwksUrl` it must be given
   */
  readonly audience?: string;
  /**
   * What a token's `iss` must be.
   * @default - not checked
   */
  readonly issuer?: string;
  /**
   * Where the keys of the identity provider are (https), for tokens that it signs.
   * @default - tokens signed with `tokenSecret`
   */
  readonly jwksUrl?: string;
  /**
   * The text that signs tokens (HS256, at least 32 bytes). Not together with `jwksUrl`.
   * @default - one is generated, see the attribute `tokenSecret`
   */
  readonly tokenSecret?: ISecret;
  /**
   * Another text after a secret was rotated, such as the day: functions read their secrets when they start, and CloudFormation puts one into
   * CloudFront's function only when something of that changes.
   * @default - none; the secrets are those of the first deployment
   */
  readonly secretsEdition?: string;
  /**
   * Web origins whose pages may use the store, as in "https://app.example.com". One may hold a token, as in
   * "https://" + site.distributionDomainName; what it becomes must be an origin, or the API refuses all.
   * @default - only pages of the store's own address
   */
  readonly corsOrigins?: readonly string[];
  /**
   * Lets clients write the bucket directly, with short-lived credentials of their own.
   * @default false
   */
  readonly directMode?: boolean;
  /**
   * How long such credentials live, in seconds, 900 to 3,600.
   * @default 3600
   */
  readonly directSeconds?: number;
  /**
   * Wakes polling clients by AWS AppSync Events after each write. Hints carry nothing; without them clients see news at their next poll.
   * @default false
   */
  readonly hints?: boolean;
  /**
   * The name that clients use. Needs `certificate`; the DNS record is the user's to make.
   * @default - CloudFront's own name
   */
  readonly domainName?: string;
  /**
   * Of `domainName`, in us-east-1. Only with it TLS 1.2 is the least that is spoken: for its own name CloudFront speaks older ones too.
   * @default - CloudFront's own
   */
  readonly certificate?: ICertificate;
  /**
   * Where in the world CloudFront answers.
   * @default - everywhere
   */
  readonly priceClass?: PriceClass;
  /**
   * The ARN of a web ACL (WAF, scope CLOUDFRONT).
   * @default - none
   */
  readonly webAclArn?: string;
  /**
   * Below which folder of the bucket everything lies, as in "team". At most 200 characters, fewer in direct mode.
   * @default - at the bucket's top
   */
  readonly root?: string;
  /**
   * The bucket's name, without dots. A first deployment that fails leaves the bucket behind, and the next one then says that it exists: give
   * `removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE` with it, or see docs/deploy.md.
   * @default - CloudFormation makes one up
   */
  readonly bucketName?: string;
  /**
   * A bucket for the access logs of S3 and CloudFront, with ACLs enabled for the latter. A line is written for every poll.
   * @default - none are kept
   */
  readonly accessLogBucket?: IBucket;
  /**
   * What becomes of the bucket and the secrets when the stack is deleted. A bucket that holds objects is never deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Where alarms are sent.
   * @default - they only show their state
   */
  readonly alarmTopic?: ITopic;
  /**
   * Requests a second to the API, all clients together; more are refused (429).
   * @default 500
   */
  readonly requestsPerSecond?: number;
  /**
   * How many requests may come at once.
   * @default 1000
   */
  readonly requestsBurst?: number;
  /**
   * Requests a second of one principal, best effort: each warm function counts for itself.
   * @default 20
   */
  readonly principalPerSecond?: number;
  /**
   * How many requests of one principal may come at once.
   * @default 100
   */
  readonly principalBurst?: number;
  /**
   * Memory of the functions that fold the model, in MB; a large state needs several times its size as JSON.
   * @default 1769
   */
  readonly rollupMemoryMb?: number;
  /**
   * Stores that one sweep, once a minute, checks in turn.
   * @default 50
   */
  readonly sweepStores?: number;
  /**
   * Changed settings of icecore itself, as in `{ graceMs: 1_000 }`.
   * @default - the defaults of icecore
   */
  readonly settings?: Partial<Settings>;
}
