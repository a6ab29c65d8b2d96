"""The page Neurons: what the neurons of a model do, in several views."""
