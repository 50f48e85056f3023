/**
 * AWS's documented sample events, and events of tests made from them: HTTP API payload 2.0 and function URL (Lambda developer guide, "Create
 * AWS Lambda proxy integrations for HTTP APIs", "Invoking Lambda function URLs"), SQS ("Using Lambda with Amazon SQS"), S3's notification ("Event
 * message structure") and EventBridge Scheduler ("Invoke a Lambda function on a schedule").
 */
import type {
  APIGatewayProxyEventV2,
  LambdaFunctionURLEvent,
  S3Event,
  S3EventRecord,
  ScheduledEvent,
  SQSEvent,
  SQSRecord,
} from "aws-lambda";

export const sampleHttpEvent: APIGatewayProxyEventV2 = {
  version: "2.0",
  routeKey: "$default",
  rawPath: "/my/path",
  rawQueryString: "parameter1=value1&parameter1=value2&parameter2=value",
  cookies: ["cookie1", "cookie2"],
  headers: { header1: "value1", header2: "value1,value2" },
  queryStringParameters: { parameter1: "value1,value2", parameter2: "value" },
  requestContext: {
    accountId: "123456789012",
    apiId: "api-id",
    authentication: {
      clientCert: {
        clientCertPem: "CERT_CONTENT",
        subjectDN: "www.example.com",
        issuerDN: "Example issuer",
        serialNumber: "a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1",
        validity: { notBefore: "May 28 12:30:02 2019 GMT", notAfter: "Aug  5 09:36:04 2021 GMT" },
      },
    },
    domainName: "id.execute-api.us-east-1.amazonaws.com",
    domainPrefix: "id",
    http: {
      method: "POST",
      path: "/my/path",
      protocol: "HTTP/1.1",
      sourceIp: "192.0.2.1",
      userAgent: "agent",
    },
    requestId: "id",
    routeKey: "$default",
    stage: "$default",
    time: "12/Mar/2020:19:03:58 +0000",
    timeEpoch: 1583348638390,
  },
  body: "Hello from Lambda",
  pathParameters: { parameter1: "value1" },
  isBase64Encoded: false,
  stageVariables: { stageVariable1: "value1", stageVariable2: "value2" },
};

export const sampleUrlEvent: LambdaFunctionURLEvent = {
  version: "2.0",
  routeKey: "$default",
  rawPath: "/my/path",
  rawQueryString: "parameter1=value1&parameter1=value2&parameter2=value",
  cookies: ["cookie1", "cookie2"],
  headers: { header1: "value1", header2: "value1,value2" },
  queryStringParameters: { parameter1: "value1,value2", parameter2: "value" },
  requestContext: {
    accountId: "123456789012",
    apiId: "urlid",
    domainName: "urlid.lambda-url.us-west-2.on.aws",
    domainPrefix: "urlid",
    http: {
      method: "POST",
      path: "/my/path",
      protocol: "HTTP/1.1",
      sourceIp: "123.123.123.123",
      userAgent: "agent",
    },
    requestId: "id",
    routeKey: "$default",
    stage: "$default",
    time: "12/Mar/2020:19:03:58 +0000",
    timeEpoch: 1583348638390,
  },
  body: "Hello from client!",
  isBase64Encoded: false,
};

const sampleQueueRecord: SQSRecord = {
  messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
  receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
  body: "Test message.",
  attributes: {
    ApproximateReceiveCount: "1",
    SentTimestamp: "1545082649183",
    SenderId: "AIDAIENQZJOLO23YVJ4VO",
    ApproximateFirstReceiveTimestamp: "1545082649185",
  },
  messageAttributes: {},
  md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:my-queue",
  awsRegion: "us-east-2",
};

export const sampleQueueEvent: SQSEvent = { Records: [sampleQueueRecord] };

const sampleObjectRecord: S3EventRecord = {
  eventVersion: "2.1",
  eventSource: "aws:s3",
  awsRegion: "us-west-2",
  eventTime: "1970-01-01T00:00:00.000Z",
  eventName: "ObjectCreated:Put",
  userIdentity: { principalId: "AIDAJDPLRKLG7UEXAMPLE" },
  requestParameters: { sourceIPAddress: "127.0.0.1" },
  responseElements: {
    "x-amz-request-id": "C3D13FE58DE4C810",
    "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD",
  },
  s3: {
    s3SchemaVersion: "1.0",
    configurationId: "testConfigRule",
    bucket: {
      name: "amzn-s3-demo-bucket",
      ownerIdentity: { principalId: "A3NL1KOZZKExample" },
      arn: "arn:aws:s3:::amzn-s3-demo-bucket",
    },
    object: {
      key: "HappyFace.jpg",
      size: 1024,
      eTag: "d41d8cd98f00b204e9800998ecf8427e",
      versionId: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
      sequencer: "0055AED6DCD90281E5",
    },
  },
};

export const sampleObjectEvent: S3Event = { Records: [sampleObjectRecord] };

/** What S3 sends to a queue when its notification is configured. */
export const sampleTestNotification = {
  Service: "Amazon S3",
  Event: "s3:TestEvent",
  Time: "2014-10-13T15:57:02.089Z",
  Bucket: "amzn-s3-demo-bucket",
  RequestId: "5582815E1AEA5ADF",
  HostId: "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
};

export const sampleScheduledEvent: ScheduledEvent = {
  version: "0",
  id: "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
  "detail-type": "Scheduled Event",
  source: "aws.scheduler",
  account: "123456789012",
  time: "2015-10-08T16:53:06Z",
  region: "us-east-1",
  resources: ["arn:aws:scheduler:us-east-1:123456789012:schedule/default/my-schedule"],
  detail: {},
};

export interface HttpAsked {
  readonly method?: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly base64?: boolean;
}

/** The documented event with this request in it, as API Gateway makes it: names of headers in lower case. */
export function httpEvent(
  asked: HttpAsked,
  sample: APIGatewayProxyEventV2 = sampleHttpEvent,
): APIGatewayProxyEventV2 {
  const { method = "GET", path, query = "", headers = {}, body, base64 = false } = asked;
  const { body: _, cookies: __, queryStringParameters: ___, ...rest } = sample;
  const { requestContext } = sample;
  return {
    ...rest,
    rawPath: path,
    rawQueryString: query,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    requestContext: { ...requestContext, http: { ...requestContext.http, method, path } },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: base64,
  };
}

export interface QueueEntry {
  readonly id: string;
  readonly body: string;
  /** How often it has come, this time included. @default 1 */
  readonly received?: number;
}

export function queueEvent(entries: readonly QueueEntry[]): SQSEvent {
  return {
    Records: entries.map(({ id, body, received = 1 }) => ({
      ...sampleQueueRecord,
      messageId: id,
      body,
      attributes: { ...sampleQueueRecord.attributes, ApproximateReceiveCount: String(received) },
    })),
  };
}

/** S3's notification of created objects, as the text of a queue's entry. */
export function notification(bucket: string, keys: readonly string[]): string {
  const { s3 } = sampleObjectRecord;
  const Records = keys.map((key) => ({
    ...sampleObjectRecord,
    s3: {
      ...s3,
      bucket: { ...s3.bucket, name: bucket },
      object: { ...s3.object, key: encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/") },
    },
  }));
  return JSON.stringify({ Records } satisfies S3Event);
}
