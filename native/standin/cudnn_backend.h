// The descriptors of cuDNN's graph ("backend") API, with cuDNN's own numbers.
#pragma once
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "cudnn.h"

namespace standin {

enum DescriptorType {
  POINTWISE = 0,
  CONVOLUTION = 1,
  ENGINE = 2,
  ENGINE_CONFIG = 3,
  HEURISTICS = 4,
  EXECUTION_PLAN = 5,
  KNOB_CHOICE = 7,
  KNOB_INFO = 8,
  FORWARD_OPERATION = 10,
  FILTER_OPERATION = 11,
  DATA_OPERATION = 12,
  POINTWISE_OPERATION = 13,
  GENSTATS_OPERATION = 14,
  OPERATION_GRAPH = 15,
  VARIANT_PACK = 16,
  TENSOR = 17,
  REDUCTION = 21,
  REDUCTION_OPERATION = 22
};

enum AttributeType {
  TYPE_HANDLE = 0,
  TYPE_DATA_TYPE = 1,
  TYPE_BOOLEAN = 2,
  TYPE_INT64 = 3,
  TYPE_FLOAT = 4,
  TYPE_DOUBLE = 5,
  TYPE_VOID_PTR = 6,
  TYPE_CONVOLUTION_MODE = 7,
  TYPE_HEURISTICS_MODE = 8,
  TYPE_KNOB = 9,
  TYPE_NAN_PROPAGATION = 10,
  TYPE_NUMERICAL_NOTE = 11,
  TYPE_POINTWISE_MODE = 14,
  TYPE_DESCRIPTOR = 15,
  TYPE_GENSTATS_MODE = 16,
  TYPE_REDUCTION_OPERATOR = 18,
  TYPE_BEHAVIOUR_NOTE = 19,
  TYPE_CHAR = 24,
  TYPE_NUMBER = -1  // in a rule: float or double
};

enum AttributeName {
  POINTWISE_MODE = 0,
  POINTWISE_PRECISION = 1,
  POINTWISE_NAN_PROPAGATION = 2,
  CONVOLUTION_TYPE = 100,
  CONVOLUTION_MODE = 101,
  CONVOLUTION_DILATIONS = 102,
  CONVOLUTION_STRIDES = 103,
  CONVOLUTION_POST_PADDINGS = 104,
  CONVOLUTION_PRE_PADDINGS = 105,
  CONVOLUTION_SPATIAL_DIMS = 106,
  HEURISTICS_MODE = 200,
  HEURISTICS_GRAPH = 201,
  HEURISTICS_RESULTS = 202,
  CONFIG_ENGINE = 300,
  CONFIG_KNOB_CHOICES = 302,
  CONFIG_WORKSPACE_SIZE = 303,
  PLAN_HANDLE = 400,
  PLAN_CONFIG = 401,
  PLAN_WORKSPACE_SIZE = 402,
  PLAN_TEXT = 405,
  KNOB_CHOICE_TYPE = 600,
  KNOB_CHOICE_VALUE = 601,
  FORWARD_ALPHA = 700,
  FORWARD_BETA = 701,
  FORWARD_CONVOLUTION = 702,
  FORWARD_W = 703,
  FORWARD_X = 704,
  FORWARD_Y = 705,
  DATA_ALPHA = 706,
  DATA_BETA = 707,
  DATA_CONVOLUTION = 708,
  DATA_W = 709,
  DATA_DX = 710,
  DATA_DY = 711,
  FILTER_ALPHA = 712,
  FILTER_BETA = 713,
  FILTER_CONVOLUTION = 714,
  FILTER_DW = 715,
  FILTER_X = 716,
  FILTER_DY = 717,
  POINTWISE_DESCRIPTOR = 750,
  POINTWISE_X = 751,
  POINTWISE_B = 752,
  POINTWISE_Y = 753,
  POINTWISE_ALPHA1 = 754,
  POINTWISE_ALPHA2 = 755,
  POINTWISE_DX = 756,
  POINTWISE_DY = 757,
  GENSTATS_MODE = 770,
  GENSTATS_PRECISION = 771,
  GENSTATS_X = 772,
  GENSTATS_SUM = 773,
  GENSTATS_SQUARES = 774,
  GRAPH_HANDLE = 800,
  GRAPH_OPERATIONS = 801,
  GRAPH_ENGINE_COUNT = 802,
  TENSOR_ALIGNMENT = 900,
  TENSOR_DATA_TYPE = 901,
  TENSOR_DIMENSIONS = 902,
  TENSOR_STRIDES = 903,
  TENSOR_UNIQUE_ID = 906,
  TENSOR_IS_VIRTUAL = 907,
  TENSOR_IS_BY_VALUE = 908,
  PACK_UNIQUE_IDS = 1000,
  PACK_POINTERS = 1001,
  PACK_WORKSPACE = 1003,
  KNOB_INFO_TYPE = 1200,
  KNOB_INFO_MAXIMUM = 1201,
  KNOB_INFO_MINIMUM = 1202,
  KNOB_INFO_STRIDE = 1203,
  ENGINE_GRAPH = 1300,
  ENGINE_INDEX = 1301,
  ENGINE_KNOB_INFO = 1302,
  ENGINE_NUMERICAL_NOTES = 1303,
  ENGINE_BEHAVIOUR_NOTES = 1305,
  REDUCTION_OPERATOR = 1600,
  REDUCTION_TYPE = 1601,
  REDUCTION_X = 1610,
  REDUCTION_Y = 1611,
  REDUCTION_DESCRIPTOR = 1612
};

enum { DATA_FLOAT = 0, DATA_BFLOAT16 = 9 };

struct Tensor;
struct ConvolutionShape;
struct Operation;
struct Graph;
struct Config;
struct Descriptor;

struct Attribute {
  int type = 0;
  long count = 0;
  std::vector<char> bytes;
  std::vector<std::shared_ptr<Descriptor>> references;
};

struct Descriptor {
  int type;
  bool isFinal = false, isAlive = true;
  std::map<int, Attribute> attributes;
  // What finalizing made of the attributes. Later descriptors share it, so their parts may be destroyed.
  std::shared_ptr<const Tensor> tensor;
  std::shared_ptr<const ConvolutionShape> convolution;
  std::shared_ptr<const Operation> operation;
  std::shared_ptr<const Graph> graph;
  std::shared_ptr<const Config> config;
  std::vector<std::shared_ptr<const Config>> offers;

  bool has(int name) const { return attributes.count(name) != 0; }

  // All elements of an attribute, or none.
  template <class T>
  std::vector<T> values(int name) const {
    auto found = attributes.find(name);
    if (found == attributes.end()) return {};
    std::vector<T> result(found->second.count);
    if (!result.empty()) memcpy(result.data(), found->second.bytes.data(), result.size() * sizeof(T));
    return result;
  }

  template <class T>
  T value(int name, T otherwise) const {
    const std::vector<T> all = values<T>(name);
    return all.empty() ? otherwise : all[0];
  }

  // A scaling factor, float or double.
  double number(int name, double otherwise) const {
    auto found = attributes.find(name);
    if (found == attributes.end()) return otherwise;
    return found->second.type == TYPE_FLOAT ? value<float>(name, 0) : value<double>(name, 0);
  }

  std::shared_ptr<Descriptor> reference(int name) const {
    auto found = attributes.find(name);
    return found == attributes.end() ? nullptr : found->second.references[0];
  }
};

const char* nameOf(int descriptorType);

// Sets an attribute that cuDNN computes.
template <class T>
void assign(Descriptor& descriptor, int name, int type, const std::vector<T>& values) {
  Attribute& attribute = descriptor.attributes[name];
  attribute.type = type;
  attribute.count = (long) values.size();
  attribute.bytes.resize(values.size() * sizeof(T));
  if (!values.empty()) memcpy(attribute.bytes.data(), values.data(), attribute.bytes.size());
}

// Check the attributes and make the contents; each returns a status.
int finalizeTensor(Descriptor& descriptor);
int finalizeConvolution(Descriptor& descriptor);
int finalizePointwise(Descriptor& descriptor);
int finalizeReduction(Descriptor& descriptor);
int finalizeOperation(Descriptor& descriptor);
int finalizeGraph(Descriptor& descriptor);
int finalizeHeuristics(Descriptor& descriptor);
int finalizeEngine(Descriptor& descriptor);
int finalizeConfig(Descriptor& descriptor);
int finalizePlan(Descriptor& descriptor);
int finalizePack(Descriptor& descriptor);

// Fill a descriptor that the caller has created from one that is final.
void fillConfig(Descriptor& target, const std::shared_ptr<const Config>& config);
void fillEngine(Descriptor& target, const Config& config);
void fillKnobChoice(Descriptor& target, const Config& config, long knob);
void fillKnobInfo(Descriptor& target, const Config& config, long knob);
long knobCount(const Config& config);

int execute(DnnHandle* handle, const Descriptor& plan, const Descriptor& pack);

}  // namespace standin
