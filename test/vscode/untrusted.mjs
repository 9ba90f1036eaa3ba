// What works in a workspace that is not trusted, and what does not.
import { rmSync } from 'node:fs';
import { runTests } from './host.mjs';
import { installOrSkip } from './install.mjs';
import { makeWorkspace } from './workspace.mjs';

const tools = installOrSkip();
const workspace = makeWorkspace();
let code;
try {
  code = await runTests(tools, {
    files: ['untrusted.ts'],
    workspace,
    minutes: 3,
    trust: true,
    settings: {
      'security.workspace.trust.enabled': true,
      'security.workspace.trust.startupPrompt': 'never',
    },
  });
} finally {
  rmSync(workspace, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}
process.exit(code);
