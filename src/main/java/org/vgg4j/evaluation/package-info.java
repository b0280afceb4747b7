/** Runs a trained net over images: metrics on a labelled set, and predictions for single images. */
package org.vgg4j.evaluation;
