package org.vgg4j.run;

import java.util.function.Consumer;
import org.vgg4j.evaluation.ImagePlace;
import org.vgg4j.train.TrainingListener;

/** The line at the start of a run on a GPU that says where the images lie. */
final class DataLine {
  private DataLine() {}

  /** Returns a listener that reports the line, where the engine is one that could keep images. */
  static TrainingListener listener(RunSetup setup, Consumer<String> report) {
    boolean isOnGpu = setup.onGpu(engine -> true) != null;
    return new TrainingListener() {
      @Override
      public void dataPlaced(ImagePlace train, ImagePlace test) {
        if (isOnGpu) {
          report.accept(text(train, test));
        }
      }
    };
  }

  static String text(ImagePlace train, ImagePlace test) {
    if (train.isOnDevice() == test.isOnDevice()) {
      return "data " + place(new ImagePlace(train.bytes() + test.bytes(), train.reason()));
    }
    return "training data " + place(train) + "; test data " + place(test);
  }

  private static String place(ImagePlace place) {
    return place.isOnDevice()
        ? "on the GPU: " + ImagePlace.text(place.bytes())
        : "from the host: " + place.reason();
  }
}
