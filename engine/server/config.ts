import { parseConfig } from '../config/load';
import type { ConfigCalls } from '../contract/config';
import type { Handlers } from './handlers';

export const configHandlers: Handlers<ConfigCalls> = {
  summarize: ({ file, text, variables }) => {
    const { config, faults } = parseConfig(text, file, { variables });
    return Promise.resolve({
      faults,
      config: config && {
        classes: config.classes,
        domains: Object.entries(config.domains).map(([name, { role }]) => ({ name, role })),
        folder: config.output.folder,
      },
    });
  },
};
