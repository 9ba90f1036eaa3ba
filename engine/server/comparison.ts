import type { ComparisonCalls } from '../contract/comparison';
import { comparisonHtml, readComparison } from '../report/comparison-report';
import { comparableMethods } from '../runs/comparison';
import type { Handlers } from './handlers';

export const comparisonHandlers: Handlers<ComparisonCalls> = {
  comparableMethods: async ({ file, text, variables }) => {
    await after();
    return comparableMethods(file, text, { variables });
  },
  comparisonPage: async ({ folder }) => {
    await after();
    const reported = readComparison(folder);
    return { name: reported.name, html: comparisonHtml(reported) };
  },
};

/** What waits already goes first. */
const after = () => new Promise((done) => setImmediate(done));
