import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Api } from '../../extension/extension';
import { columnNorm } from '../../engine/images/orientation';
import { voxelAt } from '../../engine/viewer/places';
import { planeOf, type Plane } from '../../engine/viewer/planes';
import { classColor } from '../../webviews/viewer/colors';
import { makeRealRun } from '../engine/viewer/real-run';
import { makeRun, type RunFixture } from '../engine/viewer/run-fixture';
import { inFrame, palette, press, print, screenshot, until, workspaceFile } from './bridge';

describe('the viewer in the editor', function () {
  this.timeout(120_000);
  let folder: string;
  let fixture: RunFixture;

  before(async () => {
    await vscode.extensions.getExtension<Api>('meddistill.meddistill')!.activate();
    folder = workspaceFile('viewer').fsPath;
    fixture = await makeRun(folder);
  });
  afterEach(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  const read = <T>(expression: string): Promise<T> =>
    inFrame('.viewer', `return ${expression};`) as Promise<T>;
  const text = (selector: string) =>
    read<string>(`document.querySelector('${selector}').innerText`);
  const shown = (title: string) =>
    until(async () => {
      try {
        return (
          (await text('.status')).includes(title) &&
          (await read<boolean>(
            `!document.querySelector('.loading') && document.querySelectorAll('.pane canvas').length > 0`,
          ))
        );
      } catch {
        // The page is not there yet.
        return false;
      }
    }, `the viewer of ${title}`);
  /** The colour in the middle of a pixel of a fitted pane, from sizes and spacings alone. */
  const colorAt = (
    pane: string,
    { rows, columns, spacing }: Pick<Plane, 'rows' | 'columns' | 'spacing'>,
    row: number,
    column: number,
  ) =>
    read<number[]>(`(() => {
      const canvas = document.querySelector('[data-pane="${pane}"] canvas');
      const scale = Math.min(canvas.width / ${columns * spacing[1]}, canvas.height / ${rows * spacing[0]});
      const x = canvas.width / 2 + ${(column + 0.5 - columns / 2) * spacing[1]} * scale;
      const y = canvas.height / 2 + ${(row + 0.5 - rows / 2) * spacing[0]} * scale;
      return [...canvas.getContext('2d').getImageData(Math.floor(x), Math.floor(y), 1, 1).data].slice(0, 3);
    })()`);
  const setOpacity = (value: number) =>
    read(`(() => {
      const input = document.querySelector('input[aria-label="Opacity of the overlay"]');
      input.value = ${value};
      input.dispatchEvent(new Event('input'));
      return true;
    })()`);
  const isColor = (found: number[], expected: readonly number[]) =>
    found.every((value, n) => Math.abs(value - expected[n]) <= 3);
  const planeInfo = (name: Plane['name']): Plane =>
    planeOf(
      {
        shape: fixture.shape,
        affine: fixture.affine,
        spacing: [0, 1, 2].map((a) => columnNorm(fixture.affine, a)) as [number, number, number],
      },
      name,
    );

  /** That a pane has labels of class 1 on their voxels, in the slice that is shown. */
  async function checkLabels(pane: string, plane: Plane, labels: Uint8Array): Promise<void> {
    const slice = Number(/(\d+) \/ \d+/.exec(await text('.status'))![1]) - 1;
    const places = Array.from({ length: plane.rows * plane.columns }, (_, n) => n).filter((n) => {
      const [i, j, k] = voxelAt(plane, slice, Math.floor(n / plane.columns), n % plane.columns);
      return labels[i + fixture.shape[0] * (j + fixture.shape[1] * k)] === 1;
    });
    for (const n of [places[0], places[places.length >> 1], places.at(-1)!]) {
      const [row, column] = [Math.floor(n / plane.columns), n % plane.columns];
      const color = await until(
        async () => {
          const found = await colorAt(pane, plane, row, column);
          return isColor(found, classColor(0)) && found;
        },
        `class 1 in ${pane}, ${plane.name} ${slice}, row ${row}, column ${column}`,
        5000,
      );
      assert.ok(color);
    }
  }

  it('compares the predictions of a run, each label on its voxel in all three planes', async () => {
    const began = Date.now();
    await vscode.commands.executeCommand('meddistill.comparePredictions', {
      folder: fixture.run,
      domain: 'ct',
      id: 'ct1',
    });
    await shown('ct / ct1');
    await print(`      (the first slice took ${Date.now() - began} ms)`);
    await until(() => read<boolean>(`!!document.querySelector('.strip-row')`), 'the strip');
    await screenshot('viewer');
    await setOpacity(1);
    for (const name of ['axial', 'coronal', 'sagittal'] as const) {
      await vscode.commands.executeCommand(`meddistill.viewer.${name}`);
      await until(async () => (await text('.status')).toLowerCase().includes(name), name);
      await checkLabels('reference', planeInfo(name), fixture.reference);
      await checkLabels('student', planeInfo(name), fixture.predictions.student);
    }
  });

  it('follows the palette and the keys', async () => {
    await vscode.commands.executeCommand('meddistill.comparePredictions', {
      folder: fixture.run,
      domain: 'ct',
      id: 'ct1',
    });
    await shown('ct / ct1');
    await palette('MedDistill: Viewer: Next Case');
    await shown('ct / ct2');
    await until(() => read<boolean>(`!!document.querySelector('.strip-row')`), 'the strip');
    const before = await text('.status');
    await palette('MedDistill: Viewer: Next Worst Slice');
    await until(async () => (await text('.status')) !== before, 'the worst slice');
    await read(`(document.querySelector('.pane .stage').focus(), true)`);
    await press('p');
    await shown('ct / ct1');
  });

  it('opens a NIfTI file as an editor, with a label file over it', async () => {
    const image = vscode.Uri.file(join(folder, 'ct', 'images', 'ct1.nii.gz'));
    const label = vscode.Uri.file(join(fixture.run, 'predictions', 'ct', 'teacher', 'ct1.nii.gz'));
    await vscode.commands.executeCommand('meddistill.openVolume', image);
    await shown('ct1.nii.gz');
    const { activeTab } = vscode.window.tabGroups.activeTabGroup;
    assert.ok(activeTab?.input instanceof vscode.TabInputCustom);
    assert.equal(activeTab.input.viewType, 'meddistill.volume');
    await vscode.commands.executeCommand('meddistill.addOverlay', label);
    await until(
      () => read<boolean>(`document.querySelectorAll('.classes tbody tr').length === 2`),
      'the labels',
    );
    await setOpacity(1);
    await checkLabels('overlay 0', planeInfo('axial'), fixture.predictions.teacher);
    await screenshot('viewer-volume');
  });

  it('says in a sentence what is wrong with a damaged file', async () => {
    const path = join(folder, 'damaged.nii');
    writeFileSync(path, 'not an image');
    await vscode.commands.executeCommand('meddistill.openVolume', vscode.Uri.file(path));
    const sentence = await until(async () => {
      try {
        return await text('[role=alert]');
      } catch {
        return null;
      }
    }, 'the sentence');
    assert.match(sentence, /damaged\.nii does not begin with a NIfTI header/);
  });

  it('shows a run without a report once it has one', async () => {
    const run = join(folder, 'unfinished');
    await vscode.workspace.fs.copy(vscode.Uri.file(fixture.run), vscode.Uri.file(run));
    const report = vscode.Uri.file(join(run, 'report.json'));
    const content = await vscode.workspace.fs.readFile(report);
    await vscode.workspace.fs.delete(report);
    const record = join(run, 'run.json');
    const state = (name: string) =>
      writeFileSync(
        record,
        JSON.stringify({
          meddistill: '0',
          started: '2026-11-20T08:00:00.000Z',
          state: name,
          config: join(folder, 'demo.distill.jsonc'),
          variables: {},
          stages: {},
        }),
      );
    state('cancelled');
    await vscode.commands.executeCommand('meddistill.comparePredictions', run);
    const sentence = await until(async () => {
      try {
        return await text('[role=alert]');
      } catch {
        return null;
      }
    }, 'the sentence');
    assert.match(sentence, /has no report yet: it is cancelled/);
    await vscode.workspace.fs.writeFile(report, content);
    state('finished');
    await shown('fundus / eye');
  });

  it('shows a CT of DICOM slices and a fundus photograph', async function () {
    const data = join(
      vscode.extensions.getExtension('meddistill.meddistill')!.extensionPath,
      '../shared/data',
    );
    if (!existsSync(data)) {
      await print(`      skipped: ${data} is not there`);
      return this.skip();
    }
    const run = await makeRealRun(folder, data);
    await vscode.commands.executeCommand('meddistill.comparePredictions', {
      folder: run,
      domain: 'ct',
      id: 'chaos',
    });
    await shown('ct / chaos');
    await until(() => read<boolean>(`!!document.querySelector('.strip-row')`), 'the strip');
    await screenshot('viewer-chaos');
    await vscode.commands.executeCommand('meddistill.viewer.coronal');
    await until(async () => (await text('.status')).includes('Coronal'), 'the coronal view');
    await until(() => read<boolean>(`!document.querySelector('.void')`), 'its slice');
    await screenshot('viewer-chaos-coronal');
    await vscode.commands.executeCommand('meddistill.comparePredictions', {
      folder: run,
      domain: 'fundus',
      id: 'drive',
    });
    await shown('fundus / drive');
    await screenshot('viewer-drive');
  });
});
