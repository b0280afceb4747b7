// The stand-in's convolution algorithms and the workspace that each needs.
#pragma once
#include "cudnn.h"

namespace standin {

enum class Direction { FORWARD, DATA, FILTER };

// The shapes of one convolution: x (N, C, H, W), w (K, C, R, S), y (N, K, P, Q).
struct ConvolutionShapes {
  Shape4 x, w, y;
  Convolution convolution;
};

// Checks that the three shapes belong together.
int checkShapes(
    const char* function, const Tensor& x, const Filter& w, const Convolution& convolution,
    const Tensor& y, ConvolutionShapes* shapes);

bool isSupported(Direction direction, int algorithm, const ConvolutionShapes& shapes);
size_t workspaceBytes(Direction direction, int algorithm, const ConvolutionShapes& shapes);
bool isDeterministic(Direction direction, int algorithm);
// Whether the algorithm uses tensor cores, in TF32, when the math type allows it.
bool hasTensorCores(Direction direction, int algorithm);

}  // namespace standin
