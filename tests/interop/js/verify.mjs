// node verify.mjs ROOT BUNDLE (--key PEM | --identity SAN ISSUER): exit status 0 if the bundle holds, 1 if not.
import { readFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

const [root, file, how, who, issuer] = process.argv.slice(2);
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const key = how === '--key' ? createPublicKey(readFileSync(who)) : undefined;
const trust = toTrustMaterial(TrustedRoot.fromJSON(json(root)), () => ({ publicKey: key, validFor: () => true }));
// A key alone has neither log nor clock; the services on loopback have no certificate log.
const least = key ? { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 } : { ctlogThreshold: 0 };
try {
  const entity = toSignedEntity(bundleFromJSON(json(file)));
  // The library takes a pattern, and finds it anywhere: all of the name is meant.
  const whole = `^${(who ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  const policy = key ? undefined : { subjectAlternativeName: whole, extensions: { issuer } };
  new Verifier(trust, least).verify(entity, policy);
} catch (error) {
  console.error(`Error: ${error.code ?? error.name}: ${error.message}`);
  process.exit(1);
}
