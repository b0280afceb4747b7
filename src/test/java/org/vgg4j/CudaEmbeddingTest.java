package org.vgg4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.OtherLibrary;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.testing.TinyNets;

/** The code of docs/embedding.md on the GPU engine. */
@OnCuda
final class CudaEmbeddingTest {
  private static EngineOptions cuda() {
    return EngineOptions.builder("cuda")
        .cudaLibraries(CudaUnderTest.libraries())
        .deterministic(true)
        .build();
  }

  @Test
  void theCodeDoesWhatThePageSays() {
    EmbeddingTest.assertExamples(cuda());
  }

  @Test
  void memoryIsSharedBothWays() {
    VggConfig config =
        VggConfig.builder().layers("4,M").channels(3).classes(5).imageSize(8).hidden(6).build();
    try (Backend engine = Backends.open(cuda()).backend();
        Vgg vgg = TinyNets.random(config, NetworkOptions.inference(2), engine);
        OtherLibrary other = new OtherLibrary()) {
      Network net = vgg.network();
      float[] pixels = new float[2 * 3 * 64];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = i % 37 / 37f;
      }
      net.input(2).upload(pixels);
      float[] expected = new float[10];
      net.forward(net.input(2), false).download(expected);
      net.input(2).upload(new float[pixels.length]);

      long bytes = pixels.length * (long) Float.BYTES;
      Pointer host = other.pinned(bytes);
      OtherLibrary.bytes(host, bytes).asFloatBuffer().put(pixels);
      Pointer images = other.memory(bytes);
      other.copy(images, host, bytes);
      Tensor logits =
          CudaEmbeddingExample.borrow(engine, net, images.address(), other.stream().address());
      Pointer[] read = {other.memory(40), other.memory(40)};
      assertEquals(0, CudaEmbeddingExample.lend(engine, logits, read[0], read[1], other.stream()));
      engine.synchronize();
      for (Pointer place : read) {
        Pointer back = other.pinned(40);
        other.copy(back, place, 40);
        other.await();
        ByteBuffer values = OtherLibrary.bytes(back, 40);
        float[] actual = new float[10];
        values.asFloatBuffer().get(actual);
        assertArrayEquals(expected, actual);
      }
    }
  }
}
