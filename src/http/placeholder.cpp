namespace buyme {}
