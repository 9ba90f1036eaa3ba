// What works in a workspace that is not trusted, and what does not.
import { runTests } from './host.mjs';
import { installOrSkip } from './install.mjs';
import { makeWorkspace, removeFolders } from './workspace.mjs';

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
  removeFolders(workspace);
}
process.exit(code);
