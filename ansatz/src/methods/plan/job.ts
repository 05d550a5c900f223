/** What is to be trained, on what, and how exactly arithmetic is done. */

import type { Device } from './hardware.ts';
import type { Shape } from './shape.ts';

/** Bytes per parameter (Rajbhandari et al. 2020, ZeRO, section 3.1). */
export interface StateBytes {
  /** What is multiplied: 2 in bf16. */
  readonly weights: number;
  /** 4 when micro-batches are added up in fp32. */
  readonly gradients: number;
  /** Adam with a master copy in fp32: 12. */
  readonly optimizer: number;
}

export const ADAM: StateBytes = { weights: 2, gradients: 4, optimizer: 12 };

export interface Job {
  readonly shape: Shape;
  readonly device: Device;
  /** Fused attention that never stores the square of the sequence; `plain` is that of before 2022. */
  readonly attention: 'flash' | 'plain';
  /** Dropout keeps a mask of a byte per element. */
  readonly dropout: boolean;
  /** 8: matrix products of the layers in fp8 or int8. */
  readonly bits: 16 | 8;
  readonly bytes: StateBytes;
}

/** A job with the usual choices of today. */
export function usualJob(shape: Shape, device: Device): Job {
  return { shape, device, attention: 'flash', dropout: false, bits: 16, bytes: ADAM };
}
