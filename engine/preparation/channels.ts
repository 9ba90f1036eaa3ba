/** Channels of the network's input: 3 where any domain asks for colour, else 1. */
export function inputChannels({
  domains,
}: {
  domains: Readonly<Record<string, { channel: string }>>;
}): 1 | 3 {
  return Object.values(domains).some(({ channel }) => channel === 'rgb') ? 3 : 1;
}
