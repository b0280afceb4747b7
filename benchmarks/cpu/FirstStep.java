import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsWriter;
import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.Width;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Tensor;

/**
 * Writes the weights, a batch, its loss and all gradients of a net's first step, for
 * torch_worker.py --check: {@code ARCH PLAIN WIDTH IMAGE_SIZE BATCH PRECISION THREADS FILE}.
 */
public final class FirstStep {
  private static final int CLASSES = 10;

  private FirstStep() {}

  /** Runs the step on the CPU engine. */
  public static void main(String[] arguments) throws IOException {
    int size = Integer.parseInt(arguments[3]);
    int batch = Integer.parseInt(arguments[4]);
    VggConfig config =
        VggConfig.builder()
            .arch(arguments[0])
            .batchNorm(!Boolean.parseBoolean(arguments[1]))
            .width(Width.parse(arguments[2]))
            .channels(1)
            .classes(CLASSES)
            .imageSize(size)
            .dropout(0)
            .build();
    EngineOptions engine =
        EngineOptions.builder("cpu")
            .precision(arguments[5])
            .threads(Integer.valueOf(arguments[6]))
            .build();
    NetworkOptions options = NetworkOptions.training(batch).withSeed(1);
    try (Backend backend = Backends.open(engine).backend();
        Vgg vgg = Vgg.build(config, Initialization.PYTORCH, options, backend)) {
      write(vgg, batch, Path.of(arguments[7]));
    }
  }

  private static void write(Vgg vgg, int batch, Path file) throws IOException {
    Network net = vgg.network();
    Tensor x = net.input(batch);
    long key = CounterRandom.key(1, 2, 3);
    x.fill(i -> CounterRandom.uniform(key, i));
    int[] labels = new int[batch];
    ByteBuffer wide = ByteBuffer.allocate(batch * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < batch; i++) {
      labels[i] = i * 7 % CLASSES;
      wide.putLong(labels[i]);
    }
    List<SafeTensor> tensors = new ArrayList<>();
    tensors.add(SafeTensor.of("x", x).copy()); // its memory is used again
    net.parameters().forEach(p -> tensors.add(SafeTensor.of(p.name(), p.value())));
    CrossEntropyLoss loss = net.loss();
    loss.labels(batch).upload(labels);
    Tensor dlogits = net.outputGradient(batch);
    Tensor logits = net.forward(x, true);
    loss.forward(logits, dlogits, batch, 1.0 / batch);
    net.backward(dlogits);
    net.parameters().forEach(p -> tensors.add(SafeTensor.of("grad." + p.name(), p.gradient())));
    ByteBuffer mean = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    mean.putFloat(0, (float) loss.totals().meanLoss());
    tensors.add(SafeTensor.of("loss", SafeTensorType.F32, mean));
    tensors.add(SafeTensor.of("labels", SafeTensorType.I64, wide.flip(), batch));
    SafeTensorsWriter.write(file, tensors, Map.of());
  }
}
