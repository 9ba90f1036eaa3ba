import { parseConfig } from '../config/load';
import type { Handlers } from './handler';

export const configHandlers: Handlers<'summarize'> = {
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
