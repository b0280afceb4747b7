package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.decoding.PictureFiles;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.evaluation.Classifier;
import org.vgg4j.model.ConfigHints;
import org.vgg4j.model.ModelFile;
import org.vgg4j.model.TorchvisionFile;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.tensor.Backend;

/**
 * A colour model from elsewhere says of pictures what it says in PyTorch. The expected
 * probabilities were made by this program (PyTorch 2.13.0, torchvision 0.28.0, Pillow 12.3.0):
 *
 * <pre>
 * def picture(h, w):
 *     y, x, c = np.ogrid[0:h, 0:w, 0:3]
 *     return Image.fromarray(((x*x*(3+c) + y*11 + x*y*(1+c)) // 4 % 256).astype('uint8'))
 * def weights(k, shape):
 *     n = int(np.prod(shape)); i = np.arange(n, dtype=np.uint64)
 *     rows = n if len(shape) == 1 else shape[0]
 *     u = ((i * 2654435761 + k * 40503) % 2**32).astype(np.float64) / 2**31 - 1
 *     return torch.from_numpy((2 * u / np.sqrt(n / rows)).astype('float32').reshape(shape))
 * shapes = [(4,3,3,3), (4,), (6,4,3,3), (6,), (5,384), (5,), (5,5), (5,), (3,5), (3,)]
 * W = [weights(k, s) for k, s in enumerate(shapes)]
 * def net(x):
 *     x = F.max_pool2d(F.relu(F.conv2d(x, W[0], W[1], padding=1)), 2)
 *     x = F.max_pool2d(F.relu(F.conv2d(x, W[2], W[3], padding=1)), 2).flatten(1)
 *     x = F.relu(F.linear(x, W[4], W[5])); x = F.relu(F.linear(x, W[6], W[7]))
 *     return F.linear(x, W[8], W[9])
 * way = T.Compose([T.Resize(37), T.CenterCrop(32), T.ToTensor(),
 *                  T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
 * for h, w in [(50, 37), (33, 64), (20, 91), (200, 150)]:
 *     print(net(way(picture(h, w))[None]).softmax(1)[0])
 * </pre>
 */
final class ColourModelTest {
  private static final int[][] SIZES = {{50, 37}, {33, 64}, {20, 91}, {200, 150}};
  private static final double[][] PYTORCH = {
    {0.0387978, 0.905798, 0.0554042},
    {0.0412875, 0.8038954, 0.1548171},
    {0.0403116, 0.9169278, 0.0427607},
    {0.0419995, 0.9241043, 0.0338961}
  };

  /** What the model file does not say. */
  private static final ConfigHints LAYERS = new ConfigHints("4,M,6,M", null);

  @TempDir private Path folder;

  private final List<Path> pictures = new ArrayList<>();
  private Path model;

  @BeforeEach
  void write() throws IOException {
    model =
        new TorchvisionFile("4,M,6,M", false, 3, 3, 32, 5)
            .byFormula()
            .write(folder.resolve("model.safetensors"), Map.of());
    for (int[] size : SIZES) {
      BufferedImage image = new BufferedImage(size[1], size[0], BufferedImage.TYPE_INT_RGB);
      for (int y = 0; y < size[0]; y++) {
        for (int x = 0; x < size[1]; x++) {
          int rgb = 0;
          for (int c = 0; c < 3; c++) {
            rgb = rgb << 8 | (x * x * (3 + c) + y * 11 + x * y * (1 + c)) / 4 % 256;
          }
          image.setRGB(x, y, rgb);
        }
      }
      Path file = folder.resolve(size[0] + "x" + size[1] + ".png");
      assertTrue(ImageIO.write(image, "png", file.toFile()));
      pictures.add(file);
    }
  }

  /**
   * The tolerance is the rounding of single precision in PyTorch's pass and in the printed digits.
   */
  @Test
  void theClassifierSaysWhatPyTorchSays() throws IOException {
    for (String device : List.of("reference", "cpu")) {
      try (Backend engine = Backends.open(device).backend();
          ModelFile.Loaded loaded =
              ModelFile.load(model, LAYERS, NetworkOptions.inference(3), engine)) {
        assertEquals(Preprocessing.torchvision(32), loaded.preprocessing());
        List<List<Classifier.Answer>> answers =
            Classifier.top(
                loaded.vgg(),
                loaded.preprocessing(),
                loaded.classNames(),
                new PictureFiles(pictures, loaded.preprocessing()),
                3);
        for (int i = 0; i < SIZES.length; i++) {
          for (Classifier.Answer answer : answers.get(i)) {
            assertEquals(PYTORCH[i][answer.label()], answer.probability(), 1e-5, device + " " + i);
          }
        }
      }
    }
  }

  @Test
  void predictSaysWhatPyTorchSaysAndHowItRead() {
    List<String> arguments = new ArrayList<>(List.of("predict", model.toString()));
    pictures.forEach(picture -> arguments.add(picture.toString()));
    arguments.addAll(List.of("--device", "cpu", "--layers", "4,M,6,M"));
    Cli.Result result = Cli.run(arguments.toArray(String[]::new));
    assertEquals(0, result.code(), result.err());
    for (int i = 0; i < SIZES.length; i++) {
      assertEquals(pictures.get(i).toString(), result.outLines().get(4 * i));
      double[] expected = PYTORCH[i];
      List<Integer> order =
          Arrays.asList(0, 1, 2).stream()
              .sorted(Comparator.comparingDouble(c -> -expected[c]))
              .toList();
      for (int c = 0; c < 3; c++) {
        String[] words = result.outLines().get(4 * i + 1 + c).strip().split(" +", -1);
        assertEquals(100 * expected[order.get(c)], Double.parseDouble(words[0]), 0.0051);
        assertEquals(order.get(c).toString(), words[2]);
      }
    }
    assertTrue(
        result
            .errLines()
            .contains(model + " does not say its preprocessing: torchvision's is assumed"),
        result.err());
    assertTrue(
        result
            .errLines()
            .contains(
                "pictures: shorter side resized to 37 (antialiased bilinear), centre crop 32, mean"
                    + " 0.485 0.456 0.406, deviation 0.229 0.224 0.225"),
        result.err());
  }

  /** With what is only assumed taken back, the answers are those of the plain picture. */
  @Test
  void flagsOverrideWhatIsAssumed() {
    String picture = pictures.get(0).toString();
    Cli.Result result =
        Cli.run(
            "predict",
            model.toString(),
            picture,
            "--layers=4,M,6,M",
            "--fit=square",
            "--resize=40",
            "--filter=bilinear",
            "--mean=0,0.5,0",
            "--deviation=1,1,2",
            "--invert=always",
            "--device=cpu");
    assertEquals(0, result.code(), result.err());
    assertTrue(
        result
            .errLines()
            .contains(
                "pictures: resized to 40x40 (bilinear), centre crop 32, mean 0.0 0.5 0.0, deviation"
                    + " 1.0 1.0 2.0, light and dark exchanged"),
        result.err());
    assertTrue(result.errLines().contains(picture + ": light and dark exchanged"), result.err());
    for (String wrong :
        List.of(
            "--fit=round",
            "--resize=31",
            "--filter=bicubic",
            "--mean=0.5",
            "--mean=a,b,c",
            "--mean=NaN,0,0",
            "--deviation=1,1,0",
            "--deviation=1,1,Infinity",
            "--invert=perhaps")) {
      String line =
          Cli.refused(Cli.run("predict", model.toString(), picture, "--layers=4,M,6,M", wrong));
      String flag = wrong.substring(0, wrong.indexOf('='));
      assertTrue(line.startsWith("vgg: " + flag + " must be "), line);
    }
  }

  /** Grey images go through the same preprocessing, the channel repeated. */
  @Test
  void evaluateFollowsItToo() throws IOException {
    Path ten =
        new TorchvisionFile("4,M,6,M", false, 3, 10, 32, 5)
            .byFormula()
            .write(folder.resolve("ten.safetensors"), Map.of());
    String[] command = {
      "evaluate",
      ten.toString(),
      "--layers=4,M,6,M",
      "--data=sample",
      "--test-limit=50",
      "--device=cpu"
    };
    Cli.Result assumed = Cli.run(command);
    assertEquals(0, assumed.code(), assumed.err());
    assertTrue(
        assumed.err().contains("images: shorter side resized to 37 (antialiased bilinear)"),
        assumed.err());
    List<String> plain = new ArrayList<>(List.of(command));
    plain.addAll(List.of("--fit=square", "--resize=32", "--filter=bilinear", "--mean=0,0,0"));
    plain.add("--deviation=1,1,1");
    Cli.Result changed = Cli.run(plain.toArray(String[]::new));
    assertEquals(0, changed.code(), changed.err());
    assertTrue(!changed.err().contains("images: "), changed.err());
    assertTrue(!changed.out().equals(assumed.out()), changed.out());
  }
}
