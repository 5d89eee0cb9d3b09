// Made by scripts/types.mjs from the shop's /openapi.json; a test compares. Not to be edited.
export const rules = {
  "SignUp": {
    "userName": {
      "minLength": 1,
      "maxLength": 100,
      "pattern": "^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f][^\\u0000-\\u001f\\u007f]*$"
    },
    "userEmail": {
      "maxLength": 254
    },
    "userPassword": {
      "minLength": 8,
      "maxLength": 128
    },
    "userPhoneNumber": {
      "maxLength": 30,
      "pattern": "^(0[ -]?[1-9]([ -]?[0-9]){7,10}|[+][1-9]([ -]?[0-9]){7,14})$"
    },
    "address": {
      "minLength": 1,
      "maxLength": 300,
      "pattern": "^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f][^\\u0000-\\u001f\\u007f]*$"
    }
  },
  "ProductDraft": {
    "productName": {
      "minLength": 1,
      "maxLength": 200,
      "pattern": "^[^\\u0000-\\u001f\\u007f]*$"
    },
    "productDescription": {
      "maxLength": 4000,
      "pattern": "^([^\\u0000-\\u0009\\u000b-\\u001f\\u007f]|\\r\\n)*$"
    },
    "productPrice": {
      "minimum": 0,
      "maximum": 1000000000000
    },
    "productStock": {
      "minimum": 0,
      "maximum": 1000000000
    },
    "productType": {},
    "opensAt": {},
    "closesAt": {},
    "perUserLimit": {
      "minimum": 1,
      "maximum": 1000000000
    },
    "imageUrl": {
      "minLength": 1,
      "maxLength": 2000,
      "pattern": "^https?://[A-Za-z0-9.-]+(/[A-Za-z0-9._~/-]*)?$"
    }
  }
} as const;
