// What finalized descriptors mean: tensors, operations on them, and graphs of operations.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cudnn_backend.h"

namespace standin {

struct Tensor {
  long id;
  int type;
  std::vector<long> sizes, strides;  // in elements; N, C, H, W or K, C, R, S
  bool isVirtual, isByValue;
  size_t alignment;

  long count() const;
  size_t bytes() const;
  // Whether the channels are the innermost, without gaps.
  bool isChannelsLast() const;
  // 1 x channels x 1 x 1.
  bool isPerChannel(long channels) const;
  std::string text() const;
};

using TensorPointer = std::shared_ptr<const Tensor>;

struct ConvolutionShape {
  long before[2], after[2], stride[2], dilation[2];
};

enum PointwiseMode { ADD = 0, MUL = 1, RELU_FORWARD = 100, RELU_BACKWARD = 200 };

struct Operation {
  int kind;  // the descriptor's type
  // A convolution reads x, w and writes y; the data gradient w, dy -> dx; the filter gradient x, dy -> dw;
  // a pointwise operation x, b -> y, x -> y, or x, dy -> dx; statistics x -> sum, squares;
  // a reduction x -> y.
  std::vector<TensorPointer> inputs, outputs;
  std::shared_ptr<const ConvolutionShape> shape;
  double alpha = 1, beta = 0;  // of a pointwise operation: alpha1 and alpha2
  int mode = 0;
  bool keepsNan = false;

  bool isConvolution() const {
    return kind == FORWARD_OPERATION || kind == DATA_OPERATION || kind == FILTER_OPERATION;
  }
  // A letter, for patterns: Forward, Data, Wgrad, Add, Mul, Relu, Backward of ReLU, Genstats, Sum.
  char letter() const;
};

using OperationPointer = std::shared_ptr<const Operation>;

struct Graph {
  std::vector<OperationPointer> operations;  // each after those it reads from
  std::string pattern;                       // their letters
  std::vector<TensorPointer> bound;          // what the variant pack has to bind
  std::vector<bool> isWritten;               // of those

  // The only convolution, or null.
  OperationPointer convolution() const;
};

// Orders operations and checks that their tensors fit together; returns a status.
int makeGraph(std::vector<OperationPointer> operations, std::shared_ptr<const Graph>& made);

}  // namespace standin
