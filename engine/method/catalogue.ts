import { UserError } from '../errors';
import { cwd } from './cwd';
import { gkd } from './gkd/gkd';
import { kd } from './kd';
import type { Method } from './method';

/** Every method of distillation that a config may name. */
export const methods: readonly Method[] = [gkd, kd, cwd];

/** @throws UserError for a name that is none of them */
export function methodNamed(name: string): Method {
  const found = methods.find((method) => method.name === name);
  if (!found)
    throw new UserError(
      `There is no method "${name}"; there are ${methods.map((method) => method.name).join(', ')}.`,
    );
  return found;
}
