import type { ViewerSource } from '../../engine/contract/viewer';
import type { Start } from '../../engine/contract/viewer-page';
import { freshPlace, restoredSettings, restoredState, type ViewSettings } from './settings';
import type { State } from './state';

/** The state to begin with: what was looked at before a reload wins over what was remembered for the run. */
export function firstState(begun: Start, kept: unknown): State {
  const { opened } = begun;
  const before = restoredState(kept);
  const remembered = restoredSettings(begun.settings);
  const asked = firstSource(begun, before?.source ?? null, remembered);
  const same = before !== null && isSame(before.source, asked);
  return {
    run: opened.kind === 'run' ? opened.run : null,
    settings: same ? before.settings : remembered,
    place: same ? before.place : freshPlace,
    asked,
    shown: null,
    failure: asked
      ? null
      : opened.kind === 'failed'
        ? opened.message
        : 'The run has no evaluated cases.',
    // From this a panel finds its run again, also one that could not be shown yet.
    source:
      before?.source ??
      (opened.kind === 'failed' ? { kind: 'case', run: opened.name, domain: '', id: '' } : null),
    slice: null,
    sliceFailure: null,
    loading: asked !== null,
    scores: null,
    counting: false,
    countFailure: null,
    refusal: null,
    hiddenBefore: null,
    help: false,
    theme: 0,
    rests: 0,
  };
}

/** What is shown first: what was asked for, else what was shown last. */
function firstSource(
  { opened }: Start,
  kept: ViewerSource | null,
  settings: ViewSettings,
): ViewerSource | null {
  if (opened.kind === 'failed') return null;
  if (opened.kind === 'file') return { kind: 'file', path: opened.path, overlays: opened.overlays };
  const { run, first } = opened;
  const exists = (domain: string, id: string) =>
    run.domains.some((d) => d.name === domain && d.cases.some((c) => c.id === id));
  if (first && exists(first.domain, first.id)) return { kind: 'case', run: run.run, ...first };
  if (kept?.kind === 'case' && kept.run === run.run && exists(kept.domain, kept.id)) return kept;
  const domain =
    run.domains.find(({ name, cases }) => name === settings.domain && cases.length > 0) ??
    // What distillation is about shows on a target.
    run.domains.find(({ role, cases }) => role === 'target' && cases.length > 0) ??
    run.domains.find(({ cases }) => cases.length > 0);
  if (!domain) return null;
  const id = settings.cases[domain.name];
  return {
    kind: 'case',
    run: run.run,
    domain: domain.name,
    id: exists(domain.name, id) ? id : domain.cases[0].id,
  };
}

/** True where kept state is about what is opened: of a file, the overlays may have changed. */
function isSame(kept: ViewerSource | null, source: ViewerSource | null): boolean {
  if (kept?.kind === 'file') return source?.kind === 'file' && kept.path === source.path;
  if (kept?.kind !== 'case' || source?.kind !== 'case') return false;
  return kept.run === source.run && kept.domain === source.domain && kept.id === source.id;
}
