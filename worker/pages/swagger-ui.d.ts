/** What `assets/swagger.js` uses of Swagger UI. */
declare const SwaggerUIBundle: {
  (options: SwaggerOptions): { specActions: { updateUrl(url: string): void; download(url: string): void } };
  presets: { apis: object };
};

interface SwaggerRequest {
  url: string;
  headers: Record<string, string>;
}

interface SwaggerOptions {
  dom_id: string;
  url: string;
  presets: object[];
  layout: string;
  deepLinking: boolean;
  filter: boolean;
  defaultModelsExpandDepth: number;
  validatorUrl: null;
  requestInterceptor(request: SwaggerRequest): SwaggerRequest;
  showMutatedRequest: boolean;
}
