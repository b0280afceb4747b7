package org.vgg4j.data.sets;

import org.vgg4j.data.ImageSource;
import org.vgg4j.data.decoding.PictureList;

/** Makes images of picture files. */
@FunctionalInterface
public interface PictureOpener {
  /**
   * Opens listed files as images with the list's classes, in its order; those that are left out are
   * missing.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when a file cannot be read and none may be left
   *     out
   */
  ImageSource open(PictureList list);
}
