package org.vgg4j.nn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostArrays;
import org.vgg4j.tensor.Tensor;

/** The values of a net, as another one reads them. */
final class NetValues implements NormFolding.Source<RuntimeException> {
  private final Map<String, Tensor> tensors = new HashMap<>();

  NetValues(Network net) {
    net.parameters().forEach(p -> tensors.put(p.name(), p.value()));
    net.buffers().forEach(b -> tensors.put(b.name(), b.value()));
  }

  @Override
  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  @Override
  public ByteBuffer read(String name, DType type) {
    Tensor tensor = tensors.get(name);
    ByteBuffer values =
        ByteBuffer.allocate(HostArrays.bytes(tensor)).order(ByteOrder.nativeOrder());
    tensor.download(values);
    if (tensor.dtype() == type) {
      return values;
    }
    int count = tensor.shape().arrayLength();
    ByteBuffer converted =
        ByteBuffer.allocate(Math.multiplyExact(count, type.bytes())).order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      type.put(converted, i, tensor.dtype().get(values, i));
    }
    return converted;
  }
}
