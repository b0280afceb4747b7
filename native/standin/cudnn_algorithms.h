// Which convolution algorithms the stand-in has, and what workspace each asks for.
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
// Whether the algorithm runs on tensor cores when the math type lets it, in TF32 then.
bool hasTensorCores(Direction direction, int algorithm);

}  // namespace standin
